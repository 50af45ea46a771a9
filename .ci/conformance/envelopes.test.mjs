// The schemas of Salesforce's partner WSDL (jsforce's package carries it) judge recorded SOAP envelopes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import xmllint from 'xmllint-wasm';

const world = JSON.parse(process.env.WORLD);

// schemas cuts the WSDL's schemas out as files of their own: the prefixes of the WSDL go with them, and each import gets an address.
function schemas(wsdl) {
  const [, root] = wsdl.match(/<definitions([^>]*)>/);
  const prefixes = [...root.matchAll(/xmlns:\w+="[^"]*"/g)].map(([p]) => p);
  const file = (namespace) => `${namespace.replaceAll(/[:.]/g, '-')}.xsd`;
  return [...wsdl.matchAll(/<schema\b([^>]*)>([\s\S]*?)<\/schema>/g)].map(([, attributes, body]) => {
    const [, namespace] = attributes.match(/targetNamespace="([^"]*)"/);
    const missing = prefixes.filter((p) => !attributes.includes(p.split('=')[0] + '='));
    return {
      namespace,
      fileName: file(namespace),
      contents: `<schema ${attributes} ${missing.join(' ')}>`
        + body.replaceAll(/<import namespace="([^"]*)"\s*\/>/g, (_, n) => `<import namespace="${n}" schemaLocation="${file(n)}"/>`)
        + '</schema>',
    };
  });
}

// envelope is SOAP 1.1's, as the WSDL's binding (document, literal) fills it.
const envelope = (parts) => `<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"
    targetNamespace="http://schemas.xmlsoap.org/soap/envelope/" elementFormDefault="qualified">
  ${parts.map((s) => `<xsd:import namespace="${s.namespace}" schemaLocation="${s.fileName}"/>`).join('\n')}
  <xsd:element name="Envelope"><xsd:complexType><xsd:sequence>
    <xsd:element name="Header" minOccurs="0"><xsd:complexType><xsd:sequence>
      <xsd:any namespace="urn:partner.soap.sforce.com" processContents="strict" minOccurs="0" maxOccurs="unbounded"/>
    </xsd:sequence></xsd:complexType></xsd:element>
    <xsd:element name="Body"><xsd:complexType><xsd:choice>
      <xsd:element name="Fault"><xsd:complexType><xsd:sequence>
        <xsd:element name="faultcode" type="xsd:QName" form="unqualified"/>
        <xsd:element name="faultstring" type="xsd:string" form="unqualified"/>
        <xsd:element name="detail" form="unqualified" minOccurs="0"><xsd:complexType><xsd:sequence>
          <xsd:any namespace="urn:fault.partner.soap.sforce.com" processContents="strict"/>
        </xsd:sequence></xsd:complexType></xsd:element>
      </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:any namespace="urn:partner.soap.sforce.com" processContents="strict"/>
    </xsd:choice></xsd:complexType></xsd:element>
  </xsd:sequence></xsd:complexType></xsd:element>
</xsd:schema>`;

const parts = schemas(fs.readFileSync(world.WSDL, 'utf8'));
const schema = [{ fileName: 'envelope.xsd', contents: envelope(parts) }];

async function validate(files) {
  const r = await xmllint.validateXML({
    xml: files, schema, preload: parts.map(({ fileName, contents }) => ({ fileName, contents })),
    initialMemoryPages: 1024, maxMemoryPages: 8192,
  });
  return r.errors.map((e) => e.rawMessage ?? e.message);
}

const files = fs.readdirSync(world.Envelopes).sort().map((fileName) => ({
  fileName, contents: fs.readFileSync(path.join(world.Envelopes, fileName), 'utf8'),
}));

// The one place where the WSDL asks for more than the service: sObject/Id is nillable, but not optional, so that by the letter a create must
// say <Id xsi:nil="true"/>. Salesforce's own Java client (WSC, in Data Loader) leaves it out, and so do jsforce and portalbot.
const isCreate = ({ contents }) => /<urn:create>/.test(contents);
const withId = (f) => ({
  ...f, contents: f.contents.replaceAll(/<\/sf:type>/g, '</sf:type><sf:Id xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'),
});

test('the schemas refuse what is wrong', async () => {
  const wrap = (body) => [{
    fileName: 'wrong.xml',
    contents: '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:u="urn:partner.soap.sforce.com">'
      + `<e:Body>${body}</e:Body></e:Envelope>`,
  }];
  for (const body of [
    '<u:noSuchOperation/>', '<u:query/>', '<u:query><u:queryString>a</u:queryString><u:more/></u:query>', '<query/>',
    '<u:createResponse><u:result><u:id>0</u:id><u:success>true</u:success></u:result></u:createResponse>',
  ]) {
    assert.notEqual((await validate(wrap(body))).length, 0, body);
  }
  assert.deepEqual(await validate(wrap('<u:query><u:queryString>SELECT Id FROM User</u:queryString></u:query>')), []);
});

test(`requests: ${files.filter((f) => f.fileName.endsWith('request.xml')).length}`, async () => {
  const requests = files.filter((f) => f.fileName.endsWith('request.xml'));
  assert.deepEqual(await validate(requests.map((f) => (isCreate(f) ? withId(f) : f))), []);
});

test('a create lacks the nil Id and nothing else', async () => {
  for (const f of files.filter((f) => f.fileName.endsWith('request.xml') && isCreate(f))) {
    const errors = await validate([f]);
    assert.notEqual(errors.length, 0);
    for (const e of errors) assert.match(e, /fails to validate|sObjects?'|Expected is .*Id/);
  }
});

test(`answers: ${files.filter((f) => f.fileName.endsWith('answer.xml')).length}`, async () => {
  assert.deepEqual(await validate(files.filter((f) => f.fileName.endsWith('answer.xml'))), []);
});
