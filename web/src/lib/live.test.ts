import { expect, test } from 'vitest';
import { LiveSession, type Ears, type Listener, type World } from './live';

/** A world whose time is moved by hand, and whose server is the test. */
function stage(options: { check?: 'may' | 'may not' | 'unreachable'; random?: number } = {}) {
  const timers: { at: number; act: () => void; id: number }[] = [];
  const sockets: { ears: Ears; sent: Record<string, unknown>[]; isClosed: boolean }[] = [];
  const log: string[] = [];
  let [now, last, isOnline] = [0, 0, true];
  const world: World = {
    open: (ears) => {
      const socket = { ears, sent: [] as Record<string, unknown>[], isClosed: false };
      sockets.push(socket);
      return { send: (text) => socket.sent.push(JSON.parse(text)), close: () => (socket.isClosed = true) };
    },
    check: () => Promise.resolve(options.check ?? 'may'),
    later: (ms, act) => {
      const timer = { at: now + ms, act, id: ++last };
      timers.push(timer);
      return () => {
        const at = timers.indexOf(timer);
        if (at >= 0) timers.splice(at, 1);
      };
    },
    random: () => options.random ?? 0.5,
    isOnline: () => isOnline,
    newId: () => `id-${++last}`,
  };
  const listener: Listener = {
    state: (state) => log.push(state),
    people: (people) => log.push(`people ${people.map((one) => one.author_name).join(' ')}`),
    message: (message) => log.push(`said ${message.number} ${message.text}`),
    event: (event) => log.push(`event ${event.event}`),
    drafts: (drafts) => log.push(`drafts ${drafts.map((one) => one.text + (one.problem ? '!' : '')).join(' ')}`.trim()),
    restarted: (review) => log.push(`restarted ${review}`),
    refused: (detail) => log.push(`refused ${detail}`),
  };
  const session = new LiveSession(world, listener);
  const pass = async (ms: number) => {
    const end = now + ms;
    for (;;) {
      timers.sort((a, b) => a.at - b.at || a.id - b.id);
      const next = timers[0];
      if (!next || next.at > end) break;
      timers.shift();
      now = next.at;
      next.act();
      // What a timer began may wait for an answer.
      await Promise.resolve();
      await Promise.resolve();
      await Promise.resolve();
    }
    now = end;
  };
  return {
    session,
    log,
    sockets,
    pass,
    setOnline: (is: boolean) => (isOnline = is),
    server: (what: object) => sockets.at(-1)!.ears.said(JSON.stringify(what)),
    joined() {
      sockets.at(-1)!.ears.opened();
      this.server({ type: 'session_joined', connection: 'c', review: 'r', heartbeat_ms: 15_000 });
    },
    sent: (type: string) => sockets.flatMap((socket) => socket.sent).filter((one) => one['type'] === type),
  };
}

const message = (number: number, text = `m${number}`, id = `s-${number}`) => ({
  type: 'message',
  message: { number, id, kind: 'person', author: 'user:1', author_name: 'one', fingerprint: null, text, created_ms: 1 },
});

test('who comes again says what was seen last, and nothing is shown twice', async () => {
  const on = stage();
  on.session.join();
  on.joined();
  on.server({ type: 'review_event', cursor: '3', event: 'started', data: {} });
  on.server(message(1));
  on.server(message(2));
  on.sockets[0]!.ears.closed();
  await on.pass(600);
  expect(on.sockets.length).toBe(2);
  on.joined();
  expect(on.sockets[1]!.sent[0]).toEqual({ type: 'join_session', after_message: 2, after_event: '3' });
  on.server(message(2));
  on.server(message(3));
  expect(on.log).toEqual(['live', 'event started', 'said 1 m1', 'said 2 m2', 'said 3 m3']);
});

test('a message that is missing between is asked for', async () => {
  const on = stage();
  on.session.join();
  on.joined();
  on.server(message(1));
  on.server(message(3));
  await on.pass(2_000);
  on.joined();
  expect(on.sockets[1]!.sent[0]).toMatchObject({ after_message: 1 });
  on.server(message(2));
  on.server(message(3));
  expect(on.log.filter((line) => line.startsWith('said'))).toEqual(['said 1 m1', 'said 2 m2', 'said 3 m3']);
});

test('what was said is sent until it is kept, under one name', async () => {
  const on = stage();
  on.session.say('before there is a connection', null);
  on.session.join();
  on.joined();
  const [first] = on.sent('send_message');
  on.sockets[0]!.ears.closed();
  await on.pass(1_000);
  on.joined();
  expect(on.sent('send_message').map((one) => one['id'])).toEqual([first!['id'], first!['id']]);
  on.server({ type: 'message_kept', id: first!['id'], number: 1 });
  expect(on.log.at(-1)).toBe('live');
  on.server(message(1, 'kept', first!['id'] as string));
  expect(on.log.slice(-2)).toEqual(['said 1 kept', 'drafts']);
  await on.pass(1);
  on.sockets[1]!.ears.closed();
  await on.pass(1_000);
  on.joined();
  expect(on.sent('send_message').length).toBe(2);
});

test('what the server refuses is told, and what is too fast is sent later', async () => {
  const on = stage();
  on.session.join();
  on.joined();
  on.session.say('a', null);
  const id = on.sent('send_message')[0]!['id'];
  on.server({ type: 'error', kind: 'busy', detail: 'too fast', id, retry_ms: 300 });
  await on.pass(300);
  expect(on.sent('send_message').length).toBe(2);
  on.server({ type: 'error', kind: 'denied', detail: 'may not', id });
  expect(on.log.at(-1)).toBe('drafts a!');
  on.session.forget(id as string);
  expect(on.log.at(-1)).toBe('drafts');
});

test('a short break is not told, a longer one is, and one without end says offline', async () => {
  const short = stage();
  short.session.join();
  short.joined();
  short.sockets[0]!.ears.closed();
  await short.pass(600);
  short.joined();
  await short.pass(10_000);
  expect(short.log).toEqual(['live']);

  const long = stage({ check: 'unreachable' });
  long.session.join();
  long.joined();
  long.sockets[0]!.ears.closed();
  for (let round = 0; round < 8; round++) {
    await long.pass(30_000);
    long.sockets.at(-1)!.ears.closed();
  }
  expect(long.log).toEqual(['live', 'reconnecting', 'offline']);
  await long.pass(30_000);
  long.joined();
  expect(long.log.at(-1)).toBe('live');
});

test('pauses grow to half a minute', async () => {
  const on = stage({ check: 'unreachable', random: 1 });
  on.session.join();
  const pauses: number[] = [];
  for (let round = 0; round < 9; round++) {
    const before = on.sockets.length;
    on.sockets.at(-1)!.ears.closed();
    let waited = 0;
    while (on.sockets.length === before) {
      await on.pass(500);
      waited += 500;
    }
    pauses.push(waited);
  }
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

test('who may not is told once and does not come again', async () => {
  const on = stage({ check: 'may not' });
  on.session.join();
  on.sockets[0]!.ears.closed();
  await on.pass(60_000);
  expect(on.sockets.length).toBe(1);
  expect(on.log).toEqual(['refused']);
});

test('a connection that says nothing is given up', async () => {
  const on = stage();
  on.session.join();
  on.joined();
  on.server({ type: 'pong' });
  await on.pass(15_000);
  expect(on.sent('ping').length).toBe(2);
  await on.pass(15_000);
  expect(on.sockets[0]!.isClosed).toBe(true);
  await on.pass(1_000);
  expect(on.sockets.length).toBe(2);
});

test('the network that is back is used at once', async () => {
  const on = stage();
  on.session.join();
  on.joined();
  on.setOnline(false);
  on.session.wentOffline();
  expect(on.log).toEqual(['live', 'offline']);
  on.setOnline(true);
  on.session.join();
  on.joined();
  expect(on.log).toEqual(['live', 'offline', 'live']);
  await on.pass(5_000);
  expect(on.sockets.length).toBe(2);
});

test('a server that goes away is joined again after as long as it says', async () => {
  const on = stage({ random: 0 });
  on.session.join();
  on.joined();
  on.server({ type: 'bye', reason: 'come again', retry_ms: 1_000 });
  await on.pass(999);
  expect(on.sockets.length).toBe(1);
  await on.pass(1);
  expect(on.sockets.length).toBe(2);
});

test('the last thing that is looked at is told, and again after a break', async () => {
  const on = stage();
  on.session.join();
  on.joined();
  on.session.lookAt('a');
  on.session.lookAt('b');
  await on.pass(200);
  expect(on.sent('move_cursor').map((one) => one['fingerprint'])).toEqual(['b']);
  on.sockets[0]!.ears.closed();
  await on.pass(1_000);
  on.joined();
  expect(on.sockets[1]!.sent.at(-1)).toEqual({ type: 'move_cursor', fingerprint: 'b' });
});

test('who leaves hears nothing more', async () => {
  const on = stage();
  on.session.join();
  on.joined();
  on.session.leave();
  on.sockets[0]!.ears.closed();
  await on.pass(60_000);
  expect(on.sockets.length).toBe(1);
  expect(on.log).toEqual(['live']);
});
