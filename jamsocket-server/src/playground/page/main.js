// The page as a whole: the form that joins rooms, and the connection to the server.

/** For how long the server may be silent, in milliseconds: it tells of the rooms each second. */
const SILENCE = 4000;
const TOO_LONG_SILENCE = 15000;

const services = new Map();
const serviceOf = (name) => services.get(name);
const rooms = new RoomsPanel((service, room) => join(service, room, 1));
const log = new LogPanel();
const build = new BuildPanel();

/** Joins a room with so many clients. */
function join(service, room, count) {
  const clients = Array.from({ length: count }, () => new Client(serviceOf, service, room));
  changedClients();
  clients[0].card.scrollIntoView({ block: "nearest" });
  clients[0].focus();
}

/** What is there without a client, and what is there after a reload. */
function changedClients() {
  byId("hint").hidden = Client.all.size > 0;
  const kept = [...Client.all].map(({ serviceName, room }) => [serviceName, room]);
  try {
    sessionStorage.setItem("clients", JSON.stringify(kept));
  } catch {
    // Somebody lets no page keep anything.
  }
}

function rejoinAfterReload() {
  try {
    const kept = JSON.parse(sessionStorage.getItem("clients") ?? "[]");
    for (const [service, room] of kept) {
      if (services.has(service)) new Client(serviceOf, service, room);
    }
  } catch {
    // The same, or another page of this address has kept something else under that name.
  }
  changedClients();
}

/** The form. Where the server makes up the names of rooms, an empty one asks for that. */
const form = {
  service: byId("join-service"),
  room: byId("join-room"),

  chosen() {
    return services.get(this.service.value);
  },

  /** Shows what can be joined, as the server tells of it. */
  show(listed) {
    const before = this.service.value;
    this.service.replaceChildren(...listed.map(({ name }) => element("option", { value: name }, name)));
    if (services.has(before)) this.service.value = before;
    byId("join-service-field").hidden = listed.length < 2;
    byId("join").dataset.known = "";
    this.suit();
  },

  /** Suits the chosen service and the name that is written. */
  suit() {
    const makesUp = this.chosen()?.new_room_path != null;
    if (makesUp && this.room.value === this.room.defaultValue) this.room.value = "";
    this.room.placeholder = makesUp ? "empty: the server makes one up" : "a name";
    setText(byId("join-button"), makesUp && this.room.value === "" ? "New room" : "Join");
    setText(byId("join-message"), "");
    const address = new URL(`..${this.chosen()?.rooms_path ?? "/ws/"}`, location.href);
    setText(byId("join-address"), `${address.href.replace("http", "ws")}${this.room.value || "…"}`);
  },

  async submit() {
    const service = this.chosen();
    const count = byId("join-count").valueAsNumber;
    setText(byId("join-message"), "");
    if (!service) return this.refuse("the server is not there yet");
    let room = this.room.value;
    if (room === "" && service.new_room_path) {
      try {
        const answer = await fetch(`..${service.new_room_path}`, { method: "POST" });
        room = (await answer.text()).trim();
        if (!answer.ok) return this.refuse(room);
      } catch {
        return this.refuse("the server does not answer");
      }
    }
    const fault = faultOfRoom(room);
    if (fault) return this.refuse(fault);
    join(service.name, room, count);
  },

  refuse(why) {
    setText(byId("join-message"), why);
  },
};

function faultOfRoom(room) {
  const bytes = encoder.encode(room).length;
  if (bytes === 0) return "a room needs a name of at least one character";
  if (bytes > 255) return `a room's name has at most 255 bytes, not ${bytes}`;
  if (/\p{Cc}/u.test(room)) return "a room's name has no control characters";
  if (/^\.{1,2}$/.test(room)) return "a browser takes this name for a folder";
  return undefined;
}

byId("join").onsubmit = (event) => {
  event.preventDefault();
  form.submit();
};
byId("join-service").onchange = () => form.suit();
byId("join-room").oninput = () => form.suit();

/** The stream of what the server tells, and whether there is one. */
const server = {
  started: undefined,
  failures: 0,

  isThere() {
    return this.heard !== undefined;
  },

  show(state, text) {
    byId("server-state").dataset.state = state;
    byId("header").dataset.state = state;
    setText(byId("server-state"), text);
    showTitle();
  },

  /** Listens for as long as the page is there. */
  async run() {
    for (;;) {
      const why = await this.listen();
      if (this.failures === 0) announce(why);
      this.failures += 1;
      const wait = Math.min(500 * 2 ** (this.failures - 1), 4000);
      for (let left = wait; left > 0; left -= 1000) {
        this.show("gone", `${why} Trying again in ${Math.ceil(left / 1000)} s.`);
        await new Promise((go) => setTimeout(go, Math.min(left, 1000)));
      }
    }
  },

  /** Listens until there is nothing more to hear. Returns why. */
  async listen() {
    const stop = new AbortController();
    const watch = setInterval(() => this.watch(stop), 1000);
    try {
      const answer = await fetch("events", { cache: "no-store", signal: stop.signal });
      if (!answer.ok) return `The server does not let this page listen: ${(await answer.text()).trim()}.`;
      this.heard = Date.now();
      const stream = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await stream.read();
        if (done) return "The server is gone.";
        this.heard = Date.now();
        const events = (rest + value).split("\n\n");
        rest = events.pop();
        for (const event of events) this.take(event);
      }
    } catch {
      return "The server is gone.";
    } finally {
      clearInterval(watch);
      this.heard = undefined;
    }
  },

  /** Takes an event. What goes wrong with it is this page's fault, and no end of the server. */
  take(event) {
    try {
      const [, name, data] = event.match(/^event: (.*?)\ndata: (.*)$/s);
      this.hear[name]?.call(this, JSON.parse(data));
    } catch (fault) {
      reportError(fault);
    }
  },

  /** Sees whether the server is silent, as one is that stands still. */
  watch(stop) {
    if (this.heard === undefined) return;
    const silence = Date.now() - this.heard;
    if (silence > TOO_LONG_SILENCE) stop.abort();
    else if (silence > SILENCE) this.show("gone", `The server has been silent for ${Math.round(silence / 1000)} s.`);
    else this.show("connected", "Connected");
  },

  /** The first time that there is something to join. */
  begin() {
    byId("join-room").focus();
    byId("join-room").select();
    rejoinAfterReload();
  },

  hear: {
    server({ version, started_ms, services: listed }) {
      const isFirst = this.started === undefined;
      for (const service of listed) services.set(service.name, service);
      form.show(listed);
      setText(byId("version"), version);
      this.show("connected", "Connected");
      if (this.failures > 0) announce("The server is back");
      this.failures = 0;
      if (this.started !== started_ms) log.restart();
      if (this.started !== started_ms) Client.made.clear();
      this.started = started_ms;
      if (isFirst) this.begin();
      else Client.serverIsBack();
    },
    rooms: (report) => rooms.update(report),
    log: (lines) => log.update(lines),
    build: (state) => build.update(state),
  },
};

/** Has the page's title say what is wrong, for whoever looks at something else. */
function showTitle() {
  const isGone = byId("header").dataset.state === "gone";
  const wrong = isGone ? "Server gone – " : build.isBroken() ? "Build failed – " : "";
  document.title = `${wrong}Jamsocket playground`;
}

server.run();
