// Slack's published types judge what portalbot posts: each golden message and view, and the app's manifest.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';

const world = JSON.parse(process.env.WORLD);
const here = import.meta.dirname;
const dir = fs.mkdtempSync(path.join(here, 'node_modules', '.types-'));
after(() => fs.rmSync(dir, { recursive: true }));

// check has the compiler read a file of constants and returns what it complains about.
function check(name, lines) {
  fs.writeFileSync(path.join(dir, name), [
    "import type { HomeView, KnownBlock, ModalView, TaskCardBlock } from '@slack/types';",
    "import type { AppsManifestCreateArguments } from '@slack/web-api';",
    "export type Manifest = AppsManifestCreateArguments['manifest'];",
    'export type Message = { text: string; blocks: KnownBlock[] | null; fallback?: KnownBlock[] | null };',
    'export type Views = HomeView | ModalView; export type Rest = Manifest | TaskCardBlock;',
    ...lines,
  ].join('\n'));
  const tsc = path.join(here, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023', path.join(dir, name)];
  const r = spawnSync(process.execPath, [tsc, ...args], { cwd: dir, encoding: 'utf8' });
  assert.equal(r.error, undefined);
  return r.status === 0 ? '' : r.stdout + r.stderr || `exit ${r.status}`;
}

let count = 0;
const constant = (type, value) => `export const c${count++}: ${type} = ${JSON.stringify(value, null, 1)};`;
const read = (folder) => fs.readdirSync(path.join(world.Golden, folder)).filter((f) => f.endsWith('.json')).sort()
  .map((f) => ({ name: `${folder}/${f}`, value: JSON.parse(fs.readFileSync(path.join(world.Golden, folder, f), 'utf8')) }));

const messages = read('messages');
const views = read('views');
const tasks = messages.flatMap(({ value }) => (value.blocks ?? []).filter((b) => b.type === 'plan').flatMap((b) => b.tasks ?? []));

test('the compiler refuses what Slack does not have', () => {
  for (const [type, value] of [
    ['KnownBlock', { type: 'section', txt: { type: 'mrkdwn', text: 'x' } }],
    ['KnownBlock', { type: 'header', text: { type: 'mrkdwn', text: 'x' } }],
    ['TaskCardBlock', { type: 'task_card', task_id: 'a', title: 'A', status: 'done' }],
    ['ModalView', { type: 'modal', blocks: [] }],
    ['Manifest', { display_information: { name: 'x' }, features: { bot_user: { name: 'x' } } }],
  ]) {
    assert.match(check('wrong.ts', [constant(type, value)]), /wrong\.ts\((?![1-4],)\d+,\d+\): error TS2[357]/, JSON.stringify(value));
  }
});

test(`${messages.length} messages, ${tasks.length} task cards, ${views.length} views`, () => {
  assert.ok(messages.length > 0 && tasks.length > 0 && views.length > 0);
  const complaints = check('golden.ts', [
    ...messages.flatMap(({ name, value }) => [`// ${name}`, constant('Message', value)]),
    ...tasks.map((v) => constant('TaskCardBlock', v)),
    ...views.flatMap(({ name, value }) => [`// ${name}`, constant(value.type === 'home' ? 'HomeView' : 'ModalView', value)]),
  ]);
  assert.equal(complaints, '');
});

test('manifest.yml', () => {
  assert.equal(check('manifest.ts', [constant('Manifest', world.Manifest)]), '');
});
