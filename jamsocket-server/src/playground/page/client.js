// A client: its WebSocket, which it opens again when the server was gone, and its card.

/** How many entries a card shows. */
const MOST_ENTRIES = 500;

/** The first and the longest wait before a client tries again, in milliseconds. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

/** Closes after which the server may be there again a moment later. No code of a Close is 1006. */
const IS_GONE = [1001, 1005, 1006, 1012, 1013];
const LOST = 1006;
const ROOM_FAILED = 1011;

class Client {
  static count = 0;
  static all = new Set();
  /** What came of having the server make rooms, by their URL. */
  static made = new Map();

  /** `service` tells of a service by its name, as the server last told of it. */
  constructor(service, serviceName, room) {
    Object.assign(this, { service, serviceName, room, sent: 0, heard: 0 });
    this.letter = letters(Client.count);
    this.wait = FIRST_WAIT;
    this.build();
    Client.count += 1;
    Client.all.add(this);
    this.connect();
  }

  build() {
    const part = byId("client-template").content.cloneNode(true);
    const find = (selector) => part.querySelector(selector);
    this.card = find(".client");
    this.stateText = this.card.querySelector(".state").appendChild(element("span"));
    this.counts = find(".counts");
    this.counts.append(element("span", { title: "sent" }), element("span", { title: "received" }));
    this.switch = find(".switch");
    const name = this.serviceName === "/" ? this.room : `${this.serviceName}/${this.room}`;
    this.card.dataset.room = this.room;
    this.card.dataset.client = this.letter;
    this.card.setAttribute("aria-label", `Client ${this.letter} of ${name}`);
    find(".badge").textContent = this.letter;
    find(".room").textContent = name;
    find(".room").title = name;
    find(".transcript").setAttribute("aria-label", `Messages of client ${this.letter}`);
    this.tail = new Tail(find(".transcript"), MOST_ENTRIES);
    this.composer = new Composer(find(".composer"), `client-${Client.count}`, (m) => this.say(m));
    this.switch.onclick = () => (this.isOver() ? this.rejoin() : this.leave());
    find(".remove").onclick = () => this.remove();
    this.count();
    byId("clients").append(part);
  }

  isOver() {
    return this.card.dataset.state === "closed" || this.card.dataset.state === "waiting";
  }

  /** Shows a state: connecting, open, waiting for another try, or closed for good. */
  show(state, text, failed = false) {
    this.card.dataset.state = state;
    this.card.toggleAttribute("data-failed", failed);
    setText(this.stateText, text);
    this.stateText.title = text;
    const rejoin = this.failure ? "Rejoin" : "Reconnect";
    setText(this.switch, this.isOver() ? rejoin : "Disconnect");
    this.composer.allow(state === "open");
  }

  note(text, failed = false) {
    this.tail.add(noteEntry(text, failed));
    announce(`Client ${this.letter}: ${text}`);
  }

  async connect() {
    clearTimeout(this.timer);
    this.failure = undefined;
    this.show("connecting", "Joining…");
    const attempt = (this.attempt = Symbol("attempt"));
    const path = `..${this.service(this.serviceName).rooms_path}${encodeURIComponent(this.room)}`;
    const url = new URL(path, location.href);
    if (this.service(this.serviceName).strategy === "api") {
      const refusal = await makeRoom(url.href);
      if (this.attempt !== attempt) return;
      if (refusal) return this.closed({ code: LOST, reason: refusal });
    }
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = (this.socket = new WebSocket(url));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => this.socket === socket && this.opened();
    socket.onmessage = ({ data }) => this.socket === socket && this.hear(data);
    socket.onclose = (close) => this.socket === socket && this.closed(close);
  }

  opened() {
    this.wait = FIRST_WAIT;
    this.wasOpen = true;
    this.show("open", "In the room");
    this.note("joined");
  }

  say(message) {
    this.socket.send(message);
    this.sentAt = performance.now();
    this.sent += 1;
    const isText = typeof message === "string";
    const bytes = isText ? encoder.encode(message).length : message.length;
    this.tail.add(messageEntry("out", message, bytes));
    this.count();
  }

  hear(data) {
    const trip = this.sentAt === undefined ? undefined : performance.now() - this.sentAt;
    this.sentAt = undefined;
    this.heard += 1;
    const message = typeof data === "string" ? data : new Uint8Array(data);
    const bytes = typeof data === "string" ? encoder.encode(data).length : message.length;
    this.tail.add(messageEntry("in", message, bytes, trip));
    this.count();
  }

  count() {
    const [sent, heard] = this.counts.children;
    setText(sent, `↑ ${this.sent}`);
    setText(heard, `↓ ${this.heard}`);
  }

  /** The WebSocket was closed by the server, or lost, or never opened. */
  closed({ code, reason }) {
    const wasOpen = this.wasOpen;
    this.socket = undefined;
    this.wasOpen = false;
    this.sentAt = undefined;
    const words = reason ? `${code} ${reason}` : `${code}`;
    const lost = () => reason || (wasOpen ? "the connection was lost" : whyNotOpened());
    const why = code === LOST ? lost() : words;
    if (!IS_GONE.includes(code)) {
      this.failure = code;
      this.note(`closed by the server: ${words}`, true);
      const till = code === ROOM_FAILED && build.isKnown() ? "; new code lets it try again" : "";
      return this.show("closed", `Closed: ${words}${till}`, true);
    }
    if (wasOpen) this.note(`closed: ${why}`, true);
    else if (server.isThere() && this.wait === FIRST_WAIT) this.note(`not let in: ${why}`, true);
    if (!wasOpen) Client.made.clear();
    this.tryAgain(performance.now() + this.wait, why);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** Tries again at that time, and counts the seconds until then. */
  tryAgain(at, why) {
    const left = at - performance.now();
    if (left <= 0) return this.connect();
    this.show("waiting", `Trying again in ${Math.ceil(left / 1000)} s: ${why}`);
    this.timer = setTimeout(() => this.tryAgain(at, why), left % 1000 || 1000);
  }

  /** Joins again at once, without a wait. */
  rejoin() {
    this.wait = FIRST_WAIT;
    this.connect();
  }

  leave() {
    this.drop();
    this.note("left");
    this.show("closed", "Left");
  }

  drop() {
    clearTimeout(this.timer);
    this.attempt = undefined;
    const socket = this.socket;
    this.socket = undefined;
    this.wasOpen = false;
    socket?.close(1000);
  }

  remove() {
    this.drop();
    Client.all.delete(this);
    this.card.remove();
    announce(`Client ${this.letter} is closed`);
    changedClients();
  }

  focus() {
    this.composer.text.focus();
  }

  /** The server is there again: who waits for it needs not wait longer. */
  static serverIsBack() {
    for (const client of Client.all) {
      if (client.card.dataset.state === "waiting") client.rejoin();
    }
  }

  /** There is new code: who was in a room that has failed tries it. */
  static codeIsNew() {
    for (const client of Client.all) {
      if (client.failure === ROOM_FAILED) client.rejoin();
    }
  }
}

/** Why a WebSocket did not open, which a browser does not tell. */
function whyNotOpened() {
  if (!server.isThere()) return "the server is gone";
  return "the server lets nobody in; perhaps there is no such room, or no place";
}

/** Has the server make a room, once for all clients of it. Returns why it did not. */
function makeRoom(url) {
  const make = async () => {
    try {
      const answer = await fetch(url, { method: "POST" });
      return answer.ok || answer.status === 409 ? undefined : (await answer.text()).trim();
    } catch {
      return "the server does not answer";
    }
  };
  if (!Client.made.has(url)) Client.made.set(url, make());
  return Client.made.get(url);
}
