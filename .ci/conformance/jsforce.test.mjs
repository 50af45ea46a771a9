// jsforce against the simulated org: each test says what jsforce documents or relies on.
import assert from 'node:assert/strict';
import { describe, test, before } from 'node:test';
import jsforce from 'jsforce';

const world = JSON.parse(process.env.WORLD);
const control = (what) => fetch(`${world.Control}/${what}`, { method: 'POST' });

const oauth2 = (more = {}) => ({
  loginUrl: world.URL, clientId: world.ClientID, clientSecret: world.ClientSecret, ...more,
});

async function connect(options = {}) {
  const conn = new jsforce.Connection({ version: '66.0', instanceUrl: world.URL, oauth2: oauth2(), ...options });
  await conn.authorize({ grant_type: 'client_credentials' });
  return conn;
}

let next = 0;
function user(more = {}) {
  const n = ++next;
  const name = `Jsforce${String(n).padStart(4, '0')}`;
  return {
    ContactId: world.Contacts[n], ProfileId: world.CustomerProfile, LastName: name, Alias: name.slice(-8),
    Email: `${name}@example.com`, Username: `${name}@portal.example.com`, CommunityNickname: name, TimeZoneSidKey: 'GMT',
    LocaleSidKey: 'en_US', LanguageLocaleKey: 'en_US', EmailEncodingKey: 'UTF-8', ...more,
  };
}

// fails runs f, which must be refused with this error code, and returns the error.
async function fails(code, f) {
  let error;
  await assert.rejects(f, (e) => { error = e; return true; });
  assert.equal(error.errorCode ?? error.name, code, error.message);
  return error;
}

describe('OAuth', () => {
  test('client credentials give a session, the instance and who one is', async () => {
    const conn = await connect();
    assert.equal(conn.instanceUrl, world.URL);
    assert.equal(conn.userInfo.id, world.Integration);
    assert.equal(conn.userInfo.organizationId, world.OrgID);
    const me = await conn.identity();
    assert.equal(me.user_id, world.Integration);
    assert.equal(me.organization_id, world.OrgID);
    assert.equal(me.username, world.IntegrationUsername);
    assert.ok(me.urls.rest.includes('/services/data/v'));
  });

  test('a wrong secret, a wrong key and a wrong grant are refused by name', async () => {
    const ask = (o, grant = 'client_credentials') => new jsforce.OAuth2(oauth2(o)).requestToken({ grant_type: grant });
    await fails('invalid_client', () => ask({ clientSecret: 'wrong' }));
    await fails('invalid_client_id', () => ask({ clientId: 'wrong' }));
    await fails('unsupported_grant_type', () => ask({}, 'no_such_grant'));
  });

  test('a session that ended is renewed by the refresh function, once', async () => {
    let renewed = 0;
    const conn = await connect({
      refreshFn: async (c, done) => {
        renewed++;
        const r = await c.oauth2.requestToken({ grant_type: 'client_credentials' });
        done(null, r.access_token, r);
      },
    });
    await control('expire');
    const { totalSize } = await conn.query('SELECT Id FROM Organization');
    assert.equal(totalSize, 1);
    assert.equal(renewed, 1);
  });

  test('a session that ended says INVALID_SESSION_ID over REST and SOAP', async () => {
    const { accessToken } = await connect();
    const conn = new jsforce.Connection({ version: '66.0', instanceUrl: world.URL, accessToken });
    await control('expire');
    const e = await fails('INVALID_SESSION_ID', () => conn.query('SELECT Id FROM Account'));
    assert.equal(e.message, 'Session expired or invalid');
    await fails('sf:INVALID_SESSION_ID', () => conn.soap.getUserInfo());
  });

  test('a revoked token is dead', async () => {
    const { accessToken, oauth2: app } = await connect();
    await app.revokeToken(accessToken);
    const conn = new jsforce.Connection({ version: '66.0', instanceUrl: world.URL, accessToken });
    await fails('INVALID_SESSION_ID', () => conn.query('SELECT Id FROM Account'));
  });
});

describe('reads', () => {
  let conn;
  before(async () => { conn = await connect(); });

  test('a query tells totalSize, done, and records with their attributes', async () => {
    const r = await conn.query(`SELECT Id, Name, Owner.Name FROM Account WHERE Id = '${world.Account}'`);
    assert.equal(r.totalSize, 1);
    assert.equal(r.done, true);
    assert.equal(r.nextRecordsUrl, undefined);
    assert.deepEqual(r.records[0].attributes, { type: 'Account', url: `/services/data/v66.0/sobjects/Account/${world.Account}` });
    assert.equal(r.records[0].Owner.attributes.type, 'User');
    assert.equal(r.records[0].Owner.Name, 'Olga Owner');
  });

  test('pages: 2,000 a page, nextRecordsUrl until done', async () => {
    const one = await conn.query('SELECT Id FROM Contact');
    assert.equal(one.totalSize, world.Contacts.length);
    assert.equal(one.records.length, 2000);
    assert.equal(one.done, false);
    const two = await conn.queryMore(one.nextRecordsUrl);
    assert.equal(two.records.length, 2000);
    const three = await conn.queryMore(two.nextRecordsUrl);
    assert.equal(three.records.length, world.Contacts.length - 4000);
    assert.equal(three.done, true);
    assert.equal(new Set([...one.records, ...two.records, ...three.records].map((r) => r.Id)).size, world.Contacts.length);
  });

  test('auto-fetch reads all pages; the locator alone does too', async () => {
    const all = await conn.query('SELECT Id FROM Contact', { autoFetch: true, maxFetch: 10000 });
    assert.equal(all.records.length, world.Contacts.length);
    const one = await conn.query('SELECT Id FROM Contact');
    const locator = one.nextRecordsUrl.split('/').pop();
    assert.equal((await conn.queryMore(locator)).records.length, 2000);
  });

  test('Sforce-Query-Options sets the page size', async () => {
    const r = await conn.query('SELECT Id FROM Contact', { headers: { 'Sforce-Query-Options': 'batchSize=200' } });
    assert.equal(r.records.length, 200);
  });

  test('a locator that is gone is INVALID_QUERY_LOCATOR', async () => {
    const one = await conn.query('SELECT Id FROM Contact');
    await control('forget');
    await fails('INVALID_QUERY_LOCATOR', () => conn.queryMore(one.nextRecordsUrl));
  });

  test('the query builder: conditions, IN, LIKE, order, limit, offset, count', async () => {
    const contact = conn.sobject('Contact');
    const found = await contact
      .find({ LastName: { $like: 'Crowd 00000%' } }, 'Id, LastName, Account.Name').sort('-LastName').limit(3).skip(1).execute();
    assert.deepEqual(found.map((r) => r.LastName), ['Crowd 000008', 'Crowd 000007', 'Crowd 000006']);
    assert.ok(found[0].Account.Name);
    const some = await contact.find({ Id: { $in: world.Contacts.slice(0, 5) } }, ['Id']);
    assert.equal(some.length, 5);
    assert.equal(await contact.count({ LastName: { $like: 'Crowd 00000%' } }), 9);
    assert.equal(await contact.count({ CreatedDate: { $gte: jsforce.Date.TODAY } }), world.Contacts.length);
    const none = await contact.findOne({ Email: "no'body@example.com" }, 'Id');
    assert.equal(none, null);
  });

  test('aggregates come as AggregateResult, null as null, booleans and numbers as such', async () => {
    const r = await conn.query('SELECT AccountId, COUNT(Id) n FROM Contact GROUP BY AccountId');
    assert.equal(r.records.length, 2);
    assert.equal(r.records[0].attributes.type, 'AggregateResult');
    assert.equal(r.records[0].n + r.records[1].n, world.Contacts.length);
    const { records: [me] } = await conn.query(`SELECT IsActive, ContactId, Contact.Name FROM User WHERE Id = '${world.Integration}'`);
    assert.equal(me.IsActive, true);
    assert.equal(me.ContactId, null);
    assert.equal(me.Contact, null);
    const { records: [seat] } = await conn.query("SELECT TotalLicenses FROM UserLicense WHERE Name = 'Customer Community'");
    assert.equal(typeof seat.TotalLicenses, 'number');
  });

  test('SOQL by SOAP: size, done, locator, records', async () => {
    const one = await conn.soap._invoke('query', { queryString: 'SELECT Id, LastName, Account.Name FROM Contact' });
    assert.equal(one.size, String(world.Contacts.length));
    assert.equal(one.done, 'false');
    assert.equal(one.records.length, 500);
    const record = one.records[0];
    assert.equal(record['sf:type'], 'Contact');
    assert.deepEqual(record['sf:Id'], [record['sf:Id'][0], record['sf:Id'][0]]);
    assert.equal(record['sf:Account']['sf:type'], 'Account');
    const two = await conn.soap._invoke('queryMore', { queryLocator: one.queryLocator });
    assert.equal(two.records.length, 500);
    await fails('sf:MALFORMED_QUERY', () => conn.soap._invoke('query', { queryString: 'SELECT' }));
    await fails('sf:INVALID_FIELD', () => conn.soap._invoke('query', { queryString: 'SELECT Nope FROM Contact' }));
  });

  test('mistakes in queries are named as Salesforce names them', async () => {
    for (const [soql, code] of [
      ['SELECT', 'MALFORMED_QUERY'],
      ['SELECT Id FROM Contact WHERE', 'MALFORMED_QUERY'],
      ['SELECT Nope FROM Contact', 'INVALID_FIELD'],
      ['SELECT Id FROM Nope', 'INVALID_TYPE'],
      ["SELECT Id FROM Contact WHERE Id = 'x'", 'INVALID_QUERY_FILTER_OPERATOR'],
    ]) {
      const e = await fails(code, () => conn.query(soql));
      assert.ok(e.message.length > 10, e.message);
    }
  });

  test('describe', async () => {
    const all = await conn.describeGlobal();
    assert.equal(all.maxBatchSize, 200);
    assert.equal(all.encoding, 'UTF-8');
    const user = all.sobjects.find((s) => s.name === 'User');
    assert.equal(user.keyPrefix, '005');
    assert.equal(user.createable, true);
    assert.equal(user.urls.describe, '/services/data/v66.0/sobjects/User/describe');
    const d = await conn.describe('User');
    assert.equal(d.name, 'User');
    const field = Object.fromEntries(d.fields.map((f) => [f.name, f]));
    assert.equal(field.Username.length, 80);
    assert.equal(field.Username.type, 'string');
    assert.equal(field.Username.nillable, false);
    assert.equal(field.ContactId.type, 'reference');
    assert.deepEqual(field.ContactId.referenceTo, ['Contact']);
    assert.equal(field.ContactId.relationshipName, 'Contact');
    assert.ok(field.TimeZoneSidKey.picklistValues.some((v) => v.value === 'America/Los_Angeles' && v.active));
    assert.equal(field.IsActive.type, 'boolean');
    await fails('NOT_FOUND', () => conn.describe('Nope'));
    assert.equal((await conn.sobject('Contact').describe$()).keyPrefix, '003');
  });

  test('limits, and the usage in each answer', async () => {
    const limits = await conn.limits();
    assert.equal(limits.DailyApiRequests.Max, 150000);
    assert.ok(limits.DailyApiRequests.Remaining < 150000);
    assert.equal(conn.limitInfo.apiUsage.limit, 150000);
    assert.ok(conn.limitInfo.apiUsage.used > 0);
  });

  test('versions and resources', async () => {
    const versions = await conn.request('/services/data');
    assert.ok(versions.some((v) => v.version === '66.0' && v.url === '/services/data/v66.0' && v.label));
    const resources = await conn.request('/services/data/v66.0');
    assert.equal(resources.query, '/services/data/v66.0/query');
    assert.equal(resources.sobjects, '/services/data/v66.0/sobjects');
  });

  test('one record, several, some fields, none', async () => {
    const c = await conn.sobject('Contact').retrieve(world.Contacts[0]);
    assert.equal(c.LastName, 'Crowd 000001');
    assert.equal(c.attributes.type, 'Contact');
    const few = await conn.sobject('Contact').retrieve(world.Contacts[0], { fields: ['LastName'] });
    assert.equal(few.LastName, 'Crowd 000001');
    assert.equal(few.Email, undefined);
    const e = await fails('NOT_FOUND', () => conn.sobject('Contact').retrieve('003000000000001AAA'));
    assert.match(e.message, /Provided external ID field does not exist or is not accessible|The requested resource does not exist/);
    const two = await conn.sobject('Contact').retrieve(world.Contacts.slice(0, 2));
    assert.equal(two.length, 2);
  });

  test('older versions that jsforce asks for by default work too', async () => {
    const old = new jsforce.Connection({ instanceUrl: world.URL, accessToken: conn.accessToken });
    assert.equal((await old.query('SELECT Id FROM Organization')).totalSize, 1);
    const retired = new jsforce.Connection({ instanceUrl: world.URL, accessToken: conn.accessToken, version: '20.0' });
    await fails('UNSUPPORTED_API_VERSION', () => retired.query('SELECT Id FROM Organization'));
  });
});

describe('writes over REST', () => {
  let conn;
  before(async () => { conn = await connect(); });

  test('one user: create, update, read, and no deletion', async () => {
    const made = await conn.sobject('User').create(user());
    assert.deepEqual(Object.keys(made).sort(), ['errors', 'id', 'success']);
    assert.equal(made.success, true);
    assert.equal(made.id.length, 18);
    const changed = await conn.sobject('User').update({ Id: made.id, IsActive: false });
    assert.deepEqual(changed, { id: made.id, success: true, errors: [] });
    assert.equal((await conn.sobject('User').retrieve(made.id)).IsActive, false);
    await assert.rejects(() => conn.sobject('User').destroy(made.id));
    assert.equal((await conn.sobject('User').retrieve(made.id)).IsActive, false);
  });

  test('refusals of one record', async () => {
    const taken = user();
    await conn.sobject('User').create(taken);
    for (const [code, record] of [
      ['DUPLICATE_USERNAME', user({ Username: taken.Username })],
      ['PORTAL_USER_ALREADY_EXISTS_FOR_CONTACT', user({ ContactId: taken.ContactId })],
      ['DUPLICATE_COMM_NICKNAME', user({ CommunityNickname: taken.CommunityNickname })],
      ['REQUIRED_FIELD_MISSING', user({ LastName: undefined })],
      ['STRING_TOO_LONG', user({ Alias: 'far too long' })],
      ['INVALID_EMAIL_ADDRESS', user({ Email: 'nobody' })],
      ['INVALID_FIELD', user({ Nope: 1 })],
      ['INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', user({ TimeZoneSidKey: 'Mars' })],
    ]) {
      await fails(code, () => conn.sobject('User').create(record));
    }
  });

  test('a contact is made, changed and deleted', async () => {
    const made = await conn.sobject('Contact').create({ LastName: 'Umlaut Müller & <Söhne>', AccountId: world.Account });
    const c = await conn.sobject('Contact').retrieve(made.id);
    assert.equal(c.LastName, 'Umlaut Müller & <Söhne>');
    await conn.sobject('Contact').update({ Id: made.id, Email: 'm@example.com' });
    assert.equal((await conn.sobject('Contact').destroy(made.id)).success, true);
    await fails('ENTITY_IS_DELETED', () => conn.sobject('Contact').destroy(made.id));
  });

  test('collections: results in order, part of them refused', async () => {
    const rows = [user(), user({ Email: 'nobody' }), user()];
    const results = await conn.sobject('User').create(rows);
    assert.deepEqual(results.map((r) => r.success), [true, false, true]);
    assert.equal(results[1].errors[0].statusCode, 'INVALID_EMAIL_ADDRESS');
    assert.deepEqual(results[1].errors[0].fields, ['Email']);
    assert.equal(results[1].id, undefined);
    assert.deepEqual(results[0].errors, []);
    const off = await conn.sobject('User').update([results[0], results[2]].map((r) => ({ Id: r.id, IsActive: false })));
    assert.deepEqual(off.map((r) => r.success), [true, true]);
  });

  test('collections: all or none', async () => {
    const rows = [user(), user({ Email: 'nobody' })];
    const results = await conn.sobject('User').create(rows, { allOrNone: true });
    assert.deepEqual(results.map((r) => r.success), [false, false]);
    assert.equal(results[0].errors[0].statusCode, 'ALL_OR_NONE_OPERATION_ROLLED_BACK');
    assert.equal(await conn.sobject('User').count({ Username: rows[0].Username }), 0);
  });

  test('collections: 450 users in pieces of 200', async () => {
    const rows = Array.from({ length: 450 }, () => user());
    const results = await conn.sobject('User').create(rows, { allowRecursive: true });
    assert.equal(results.filter((r) => r.success).length, 450);
    assert.equal(await conn.sobject('User').count({ Id: { $in: results.map((r) => r.id) } }), 450);
  });

  test('collections: more than 200 at once are refused as a whole', async () => {
    const records = Array.from({ length: 201 }, () => ({ attributes: { type: 'User' }, ...user() }));
    const e = await fails('EXCEEDED_ID_LIMIT', () => conn.requestPost('/composite/sobjects', { allOrNone: false, records }));
    assert.match(e.message, /200/);
  });

  test('collections: deletion', async () => {
    const made = await conn.sobject('Contact').create([{ LastName: 'A', AccountId: world.Account }, { LastName: 'B', AccountId: world.Account }]);
    const gone = await conn.sobject('Contact').destroy(made.map((r) => r.id));
    assert.deepEqual(gone.map((r) => r.success), [true, true]);
  });

  test('maintenance and a spent budget', async () => {
    await control('maintenance/on');
    await fails('INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE', () => conn.sobject('User').create(user()));
    assert.equal((await conn.query('SELECT Id FROM Organization')).totalSize, 1);
    await control('maintenance/off');
    await control('spent');
    const e = await fails('REQUEST_LIMIT_EXCEEDED', () => conn.query('SELECT Id FROM Organization'));
    assert.equal(e.message, 'TotalRequests Limit exceeded.');
    await control('unspent');
  });

  test('what the org does not have is NOT_FOUND', async () => {
    await fails('NOT_FOUND', () => conn.request('/services/data/v66.0/jobs/ingest'));
    await fails('NOT_FOUND', () => conn.sobject('Nope').create({ Name: 'x' }));
  });
});

describe('writes over SOAP', () => {
  let conn;
  before(async () => { conn = await connect(); });

  test('create and update: one row is one result, several are a list, refused rows say why', async () => {
    const [a, b, c] = await conn.soap.create([user(), user({ Email: 'nobody' }), user()].map((u) => ({ type: 'User', ...u })));
    assert.equal(a.success, true);
    assert.equal(a.id.length, 18);
    assert.equal(b.success, false);
    assert.equal(b.id ?? null, null);
    assert.equal(b.errors[0].statusCode, 'INVALID_EMAIL_ADDRESS');
    assert.deepEqual(b.errors[0].fields, ['Email']);
    assert.equal(c.success, true);
    const changed = await conn.soap.update([a, c].map((r) => ({ type: 'User', Id: r.id, IsActive: false })));
    assert.deepEqual(changed.map((r) => r.success), [true, true]);
    const nothing = await conn.soap.update({ type: 'User', Id: a.id, Phone: null });
    assert.equal(nothing.success, true);
    const { records } = await conn.query(`SELECT IsActive FROM User WHERE Id IN ('${a.id}', '${c.id}')`);
    assert.deepEqual(records.map((r) => r.IsActive), [false, false]);
  });

  test('delete', async () => {
    const made = await conn.soap.create({ type: 'Contact', LastName: 'Gone', AccountId: world.Account });
    const gone = await conn.soap.delete([made.id]);
    assert.equal(gone[0].success, true);
    assert.equal(gone[0].id, made.id);
  });

  test('more than 200 rows fail as a whole', async () => {
    const rows = Array.from({ length: 201 }, () => ({ type: 'User', ...user() }));
    await fails('sf:EXCEEDED_ID_LIMIT', () => conn.soap.create(rows));
  });

  test('who one is and what time it is', async () => {
    const me = await conn.soap.getUserInfo();
    assert.equal(me.userId, world.Integration);
    assert.equal(me.organizationId, world.OrgID);
    assert.equal(me.userName, world.IntegrationUsername);
    assert.equal(me.organizationMultiCurrency, false);
    const { timestamp } = await conn.soap.getServerTimestamp();
    assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000, timestamp);
  });

  test('a password is reset', async () => {
    const made = await conn.sobject('User').create(user());
    const { password } = await conn.soap.resetPassword(made.id);
    assert.ok(password.length >= 8);
  });

  test('what the org does not understand is a fault of the client', async () => {
    await fails('soapenv:Client', () => conn.soap.emptyRecycleBin(['003000000000001AAA']));
    await fails('unsupported_grant_type', () => conn.login('a@example.com', 'secret'));
    const plain = new jsforce.Connection({ loginUrl: world.URL });
    await assert.rejects(() => plain.login('a@example.com', 'secret'), /SOAP API login\(\) is disabled by default/);
  });
});
