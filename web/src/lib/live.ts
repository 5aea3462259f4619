// The live session of a review: who is there, what is said, what happens. It comes again by itself
// when the connection breaks, says what it saw last, and so misses nothing and shows nothing twice.
// The messages are those of `openapi/assay-live.json`; the world (sockets, clock) is passed in.

export interface LiveMessage {
  number: number;
  id: string;
  kind: 'person' | 'agent';
  author: string;
  author_name: string;
  fingerprint: string | null;
  text: string;
  created_ms: number;
}

export interface LivePerson {
  connection: string;
  author: string;
  author_name: string;
  fingerprint: string | null;
  joined_ms: number;
}

export interface LiveEvent {
  cursor: string;
  event: 'queued' | 'started' | 'progress' | 'found' | 'finding' | 'finished' | 'failed' | 'superseded';
  data: Record<string, unknown>;
}

/** What was said here and is not known to be kept yet, or was refused. */
export interface Draft {
  id: string;
  text: string;
  fingerprint: string | null;
  problem: string | null;
}

/** `refused` is for good: the review is gone, or is not for this person any more. */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'offline' | 'refused';

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface Ears {
  opened(): void;
  said(text: string): void;
  closed(): void;
}

/** What the session needs of the browser. */
export interface World {
  open(ears: Ears): Socket;
  /** Says whether the person may still look at the review; a socket that is refused does not say why. */
  check(): Promise<'may' | 'may not' | 'unreachable'>;
  later(ms: number, act: () => void): () => void;
  random(): number;
  isOnline(): boolean;
  newId(): string;
}

export interface Listener {
  state(state: LiveState): void;
  people(people: LivePerson[], own: string): void;
  message(message: LiveMessage): void;
  event(event: LiveEvent): void;
  drafts(drafts: Draft[]): void;
  /** Another review takes this one's place. */
  restarted(review: string): void;
  refused(detail: string): void;
}

const FIRST_PAUSE_MS = 500;
const PAUSE_MS_MAX = 30_000;
/** A break that is over by then is not worth a word. */
const CALM_MS = 2_500;
/** After so many attempts in vain the page says that it is offline. */
const ATTEMPTS_UNTIL_OFFLINE = 4;
/** A connection that does not come to be in so long is given up. */
const JOIN_MS = 15_000;
/** Who looks at one thing after the other tells of the last. */
const LOOK_MS = 150;
export const TEXT_BYTES_MAX = 16 * 1024;

export class LiveSession {
  readonly #world: World;
  readonly #listener: Listener;
  #socket: Socket | null = null;
  #state: LiveState = 'connecting';
  #isJoined = false;
  #isOver = false;
  #attempts = 0;
  #message = 0;
  #event: string | null;
  #connection = '';
  #looksAt: string | null = null;
  #drafts = new Map<string, Draft>();
  #cancels = new Map<string, () => void>();
  #heard = false;

  constructor(world: World, listener: Listener, afterEvent: string | null = null) {
    this.#world = world;
    this.#listener = listener;
    this.#event = afterEvent;
  }

  /** Joins, unless this is done or under way; at once, also in the pause after a failed attempt. */
  join(): void {
    if (this.#socket || this.#isOver) return;
    this.#cancel('again');
    this.#isJoined = false;
    const socket = this.#world.open({
      opened: () => {
        if (this.#socket !== socket) return;
        this.#send({ type: 'join_session', after_message: this.#message, ...(this.#event === null ? {} : { after_event: this.#event }) });
      },
      said: (text) => {
        if (this.#socket === socket) this.#hear(text);
      },
      closed: () => {
        if (this.#socket === socket) this.#lost();
      },
    });
    this.#socket = socket;
    this.#after('join', JOIN_MS, () => this.#drop());
  }

  /** Ends it. */
  leave(): void {
    this.#isOver = true;
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** The browser lost its network: waiting for the connection to notice would take long. */
  wentOffline(): void {
    if (this.#isOver) return;
    this.#tell('offline');
    if (this.#socket) this.#drop();
  }

  /** Says something; it is sent again until the server says that it is kept. */
  say(text: string, fingerprint: string | null): void {
    const draft: Draft = { id: this.#world.newId(), text, fingerprint, problem: null };
    this.#drafts.set(draft.id, draft);
    this.#listener.drafts([...this.#drafts.values()]);
    this.#sendDraft(draft);
  }

  /** Sends what was refused once more. */
  retry(id: string): void {
    const draft = this.#drafts.get(id);
    if (!draft) return;
    this.#put({ ...draft, problem: null });
    this.#sendDraft(draft);
  }

  /** Forgets what was refused. */
  forget(id: string): void {
    this.#drafts.delete(id);
    this.#listener.drafts([...this.#drafts.values()]);
  }

  /** Says which finding is looked at. */
  lookAt(fingerprint: string | null): void {
    if (this.#looksAt === fingerprint) return;
    this.#looksAt = fingerprint;
    this.#after('look', LOOK_MS, () => {
      if (this.#isJoined) this.#send({ type: 'move_cursor', fingerprint: this.#looksAt });
    });
  }

  /** Asks for the review of the same commit once more. */
  startAnalysis(): void {
    if (this.#isJoined) this.#send({ type: 'start_analysis' });
    else this.#listener.refused('There is no connection just now.');
  }

  #hear(text: string): void {
    this.#heard = true;
    let said: { type?: string } & Record<string, unknown>;
    try {
      said = JSON.parse(text) as typeof said;
    } catch {
      return;
    }
    switch (said.type) {
      case 'session_joined':
        this.#joined(said['connection'] as string, said['heartbeat_ms'] as number);
        break;
      case 'presence':
        this.#listener.people(said['people'] as LivePerson[], this.#connection);
        break;
      case 'message':
      case 'agent_message':
        this.#take(said['message'] as LiveMessage);
        break;
      case 'message_kept':
        // It is taken away once the message itself is there, so that nothing flickers.
        if ((said['number'] as number) <= this.#message) this.forget(said['id'] as string);
        break;
      case 'review_event': {
        const event = said as unknown as LiveEvent;
        this.#event = event.cursor;
        this.#listener.event(event);
        break;
      }
      case 'analysis_started':
        this.#listener.restarted(said['review'] as string);
        break;
      case 'error':
        this.#refused(said['detail'] as string, said['kind'] as string, said['id'] as string | undefined, said['retry_ms'] as number | undefined);
        break;
      case 'bye':
        this.#drop(said['retry_ms'] as number);
        break;
      // A server of a later version says more than this page knows of.
      default:
    }
  }

  #joined(connection: string, heartbeat_ms: number): void {
    this.#connection = connection;
    this.#isJoined = true;
    this.#attempts = 0;
    this.#cancel('join');
    this.#cancel('calm');
    this.#tell('live');
    this.#beat(Math.max(1_000, heartbeat_ms));
    if (this.#looksAt !== null) this.#send({ type: 'move_cursor', fingerprint: this.#looksAt });
    for (const draft of this.#drafts.values()) if (draft.problem === null) this.#sendDraft(draft);
  }

  /** The pings of the server are not seen by pages, so a page asks on its own. */
  #beat(pause_ms: number): void {
    this.#heard = false;
    this.#send({ type: 'ping' });
    this.#after('beat', pause_ms, () => {
      if (this.#heard) this.#beat(pause_ms);
      else this.#drop();
    });
  }

  #take(message: LiveMessage): void {
    // Known already: the server tells all that is after what it was told last.
    if (message.number <= this.#message) return;
    if (message.number > this.#message + 1) {
      // One is missing, which no server does; what is asked for again is whole.
      this.#drop(0);
      return;
    }
    this.#message = message.number;
    this.#listener.message(message);
    if (this.#drafts.has(message.id)) this.forget(message.id);
  }

  #refused(detail: string, kind: string, id: string | undefined, retry_ms: number | undefined): void {
    const draft = id === undefined ? undefined : this.#drafts.get(id);
    if (draft && kind === 'busy') {
      this.#after(`say:${draft.id}`, retry_ms ?? 1_000, () => this.#sendDraft(draft));
    } else if (draft) {
      this.#put({ ...draft, problem: detail });
    } else if (!this.#isJoined) {
      this.#drop(retry_ms);
    } else if (kind !== 'busy') {
      this.#listener.refused(detail);
    }
  }

  #put(draft: Draft): void {
    this.#drafts.set(draft.id, draft);
    this.#listener.drafts([...this.#drafts.values()]);
  }

  #sendDraft(draft: Draft): void {
    if (!this.#isJoined || !this.#drafts.has(draft.id)) return;
    this.#send({ type: 'send_message', id: draft.id, text: draft.text, fingerprint: draft.fingerprint });
  }

  #send(what: object): void {
    try {
      this.#socket?.send(JSON.stringify(what));
    } catch {
      // It is closing; what was not kept is sent again.
    }
  }

  #drop(pause_ms?: number): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#lost(pause_ms);
  }

  #lost(pause_ms?: number): void {
    this.#socket = null;
    const wasJoined = this.#isJoined;
    this.#isJoined = false;
    for (const name of ['join', 'beat', 'look']) this.#cancel(name);
    if (this.#isOver) return;
    if (this.#state === 'live' && !this.#cancels.has('calm')) {
      this.#after('calm', CALM_MS, () => this.#tell(this.#world.isOnline() ? 'reconnecting' : 'offline'));
    }
    if (!this.#world.isOnline()) {
      this.#tell('offline');
    } else if (this.#attempts >= ATTEMPTS_UNTIL_OFFLINE) {
      this.#tell('offline');
    }
    const wait = pause_ms ?? this.#pause();
    this.#attempts++;
    // Thousands that lost the same server do not come back in the same moment.
    this.#after('again', pause_ms === undefined ? wait : wait + this.#world.random() * 1_000, () => void this.#again(wasJoined));
  }

  #pause(): number {
    const most = Math.min(PAUSE_MS_MAX, FIRST_PAUSE_MS * 2 ** this.#attempts);
    return most / 2 + (this.#world.random() * most) / 2;
  }

  async #again(wasJoined: boolean): Promise<void> {
    if (!wasJoined && (await this.#world.check()) === 'may not') {
      this.#tell('refused');
      this.leave();
      return;
    }
    this.join();
  }

  #tell(state: LiveState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#cancel('calm');
    this.#listener.state(state);
  }

  #after(name: string, ms: number, act: () => void): void {
    this.#cancel(name);
    this.#cancels.set(
      name,
      this.#world.later(ms, () => {
        this.#cancels.delete(name);
        act();
      }),
    );
  }

  #cancel(name: string): void {
    this.#cancels.get(name)?.();
    this.#cancels.delete(name);
  }
}
