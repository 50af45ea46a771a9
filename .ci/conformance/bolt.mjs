// A small app on Bolt for JavaScript, which plays what the bot plays: a command opens a dialog, its file is read and posted for approval, a
// click edits the post. It ends when its standard input does.
import bolt from '@slack/bolt';

const world = JSON.parse(process.env.WORLD);
const app = new bolt.App({
  token: world.BotToken, appToken: world.AppToken, socketMode: true, clientOptions: { slackApiUrl: world.APIURL },
  logLevel: bolt.LogLevel.WARN,
});
const plain = (text) => ({ type: 'plain_text', text });
const section = (text) => ({ type: 'section', text: { type: 'mrkdwn', text } });

const dialog = (metadata) => ({
  type: 'modal', callback_id: 'add', private_metadata: JSON.stringify(metadata), title: plain('Add portal users'), submit: plain('Check'),
  close: plain('Cancel'), notify_on_close: true,
  blocks: [
    {
      type: 'input', block_id: 'csv', label: plain('CSV file'),
      element: { type: 'file_input', action_id: 'file', filetypes: ['csv'], max_files: 1 },
    },
    { type: 'input', block_id: 'note', label: plain('Note'), optional: true, element: { type: 'plain_text_input', action_id: 'text' } },
  ],
});
const told = (text) => ({ type: 'modal', title: plain('Add portal users'), close: plain('Close'), blocks: [section(text)] });

// download reads a private file as the app. Slack answers a sign-in page with status 200 where it will not.
async function download(url) {
  const r = await fetch(url, { headers: { Authorization: `Bearer ${world.BotToken}` } });
  if (!r.ok || r.headers.get('content-type')?.includes('text/html')) throw new Error(`download: ${r.status}`);
  return Buffer.from(await r.arrayBuffer());
}

app.command('/portal', async ({ command, ack, client, respond }) => {
  if (command.text === 'whoami') {
    await ack({ response_type: 'ephemeral', text: `You are <@${command.user_id}> in ${command.channel_id}.` });
    const { user } = await client.users.info({ user: command.user_id });
    const { users } = await client.usergroups.users.list({ usergroup: 'S0GROUP' });
    await respond({ response_type: 'ephemeral', text: `${user.real_name}: ${users.includes(user.id) ? 'approver' : 'requester'}` });
    return;
  }
  await ack();
  await client.views.open({ trigger_id: command.trigger_id, view: dialog({ channel: command.channel_id }) });
});

app.shortcut('portal_add_from_message', async ({ shortcut, ack, client }) => {
  await ack();
  await client.views.open({ trigger_id: shortcut.trigger_id, view: dialog({ channel: shortcut.channel.id, thread: shortcut.message.ts }) });
});

app.view('add', async ({ ack, view, body, client }) => {
  const { csv, note } = view.state.values;
  const [file] = csv.file.files;
  if (note.text.value === 'wrong') {
    await ack({ response_action: 'errors', errors: { note: 'That is no note.' } });
    return;
  }
  await ack({ response_action: 'update', view: told('Checking your file ...') });
  const rows = (await download(file.url_private_download)).toString('utf8').trim().split('\n').slice(1);
  const { channel } = JSON.parse(view.private_metadata);
  const root = await client.chat.postMessage({
    channel, text: `${rows.length} users for <@${body.user.id}>`,
    blocks: [
      section(`${rows.length} users for <@${body.user.id}>: ${note.text.value ?? 'no note'}`),
      {
        type: 'actions', block_id: 'decide', elements: [
          { type: 'button', action_id: 'approve', text: plain('Approve'), value: 'P-1', style: 'primary' },
          {
            type: 'button', action_id: 'deny', text: plain('Deny'), value: 'P-1', style: 'danger',
            confirm: { title: plain('Deny?'), text: plain('Nothing will run.'), confirm: plain('Deny'), deny: plain('Keep') },
          },
        ],
      },
    ],
    metadata: { event_type: 'portal_request', event_payload: { id: 'P-1' } },
  });
  const up = await client.filesUploadV2({
    channel_id: channel, thread_ts: root.ts, filename: 'plan.csv', title: 'The plan', content: `Row,Action\n${rows.map((_, i) => `${i + 1},create`).join('\n')}\n`,
    initial_comment: 'The plan as a file',
  });
  const id = up.files[0].files[0].id;
  await client.files.info({ file: id });
  await client.views.update({ view_id: view.id, view: told(`Posted, with file ${id}`) });
});

app.view({ callback_id: 'add', type: 'view_closed' }, async ({ ack, body, client }) => {
  await ack();
  await client.chat.postEphemeral({ channel: 'C0PORTAL', user: body.user.id, text: 'Nothing was sent.' });
});

app.action('approve', async ({ ack, body, action, client, respond }) => {
  await ack();
  await client.chat.update({
    channel: body.channel.id, ts: body.message.ts, text: 'approved', blocks: [section(`${action.value} approved by <@${body.user.id}>`)],
  });
  await respond({ response_type: 'ephemeral', replace_original: false, text: 'Thank you.' });
  const { messages } = await client.conversations.replies({ channel: body.channel.id, ts: body.message.ts, include_all_metadata: true });
  const { permalink } = await client.chat.getPermalink({ channel: body.channel.id, message_ts: body.message.ts });
  await client.chat.postMessage({
    channel: body.channel.id, thread_ts: body.message.ts, text: `${messages.length} in the thread, ${messages[0].metadata.event_type}, ${permalink ? 'linked' : 'no link'}`,
  });
});

const seen = new Set();
app.event('app_mention', async ({ event, body, say, context }) => {
  const again = seen.has(body.event_id);
  seen.add(body.event_id);
  await say({ thread_ts: event.ts, text: again ? `again, attempt ${context.retryNum}` : 'hello' });
});

app.message(async ({ message, say }) => {
  if (message.bot_id) return;
  if (message.files) {
    const data = await download(message.files[0].url_private_download);
    await say(`${message.files[0].name}: ${data.length} bytes`);
    return;
  }
  await say(`You said ${message.text}`);
});

app.event('app_home_opened', async ({ event, client }) => {
  await client.views.publish({ user_id: event.user, view: { type: 'home', blocks: [section(`Hello <@${event.user}>`)] } });
});

app.error(async (error) => {
  console.error('error', error.code, error.data ?? error.message, error.original?.stack ?? '');
  process.exitCode = 1;
});

await app.start();
console.log('started');
process.stdin.resume();
process.stdin.on('end', async () => {
  await app.stop();
  process.exit(process.exitCode ?? 0);
});
