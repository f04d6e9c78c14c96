// What the server tells: the rooms, their log, and the state of the build.

/** How many log lines are shown. */
const MOST_LINES = 1000;

class RoomsPanel {
  /** `join` is given a service and a room that somebody has chosen. */
  constructor(join) {
    this.join = join;
    this.rows = byId("room-rows");
    this.known = new Map();
  }

  /** Shows a report of the rooms. What happened in the last second is its difference from the one before. */
  update({ at_ms, total, rooms }) {
    const known = new Map();
    rooms.forEach((room, place) => {
      const key = JSON.stringify([room.service, room.id]);
      const row = this.known.get(key) ?? this.makeRow(room);
      const before = row.last && row.last.age_ms <= room.age_ms ? row.last : undefined;
      row.show(room, before, (at_ms - this.at) / 1000);
      row.last = room;
      known.set(key, row);
      if (this.rows.children[place] !== row.row) this.rows.insertBefore(row.row, this.rows.children[place] ?? null);
    });
    for (const [key, { row }] of this.known) if (!known.has(key)) row.remove();
    this.known = known;
    this.at = at_ms;
    const listed = total > rooms.length ? `${total.toLocaleString("en")}, the ${rooms.length} last active` : `${total}`;
    setText(byId("rooms-total"), listed);
    byId("rooms-empty").hidden = total > 0;
  }

  makeRow({ service, id }) {
    const name = service === "/" ? id : `${service}/${id}`;
    const label = `Join ${name} with one more client`;
    const button = element("button", { class: "code", type: "button", title: `${name}\n${label}`, "aria-label": label }, name);
    button.onclick = () => this.join(service, id);
    const cells = Array.from({ length: 4 }, () => element("td"));
    const head = element("th", { scope: "row" }, button);
    const row = element("tr", { "data-testid": "room-row", "data-room": id, "data-service": service }, head, ...cells);
    const [clients, rate, callback, memory] = cells;
    const show = (room, before, seconds) => {
      setText(clients, String(room.clients));
      setText(rate, before ? rateText((room.messages - before.messages) / seconds) : "–");
      setText(memory, room.memory_bytes ? sizeText(room.memory_bytes) : "–");
      const since = before ?? { callbacks: 0, busy_ns: 0 };
      const calls = room.callbacks - since.callbacks;
      callback.classList.toggle("old", calls === 0);
      if (calls > 0) setText(callback, spanText((room.busy_ns - since.busy_ns) / calls));
      else if (room.callbacks === 0) setText(callback, "–");
    };
    return { row, show };
  }
}

function rateText(rate) {
  return rate > 0 && rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString("en");
}

class LogPanel {
  constructor() {
    this.tail = new Tail(byId("log-lines"), MOST_LINES);
    this.next = 0;
    byId("log-clear").onclick = () => this.tail.clear();
    byId("log-level").onchange = ({ target }) => {
      byId("log-lines").dataset.least = target.value;
    };
  }

  /** Another server counts its lines anew. */
  restart() {
    if (this.next > 0) this.tell("the server has started anew");
    this.next = 0;
  }

  /** Shows lines, but for those that were shown before the connection was lost. */
  update({ missed, lines }) {
    const fresh = lines.filter(({ number }) => number >= this.next);
    if (missed > 0) this.tell(`${countText(missed, "line was", "lines were")} missed`);
    for (const line of fresh) this.tail.add(() => logLine(line));
    this.next = (lines.at(-1)?.number ?? this.next - 1) + 1;
  }

  tell(text) {
    this.tail.add(() => element("li", { class: "note" }, text));
  }
}

function logLine({ at_ms, service, room, level, line }) {
  const where = service === "/" ? room : `${service}/${room}`;
  return element(
    "li",
    { "data-level": level, "data-testid": "log-line" },
    element("time", {}, clock(new Date(at_ms))),
    element("span", { class: "level" }, level),
    element("span", { class: "where", title: where }, where),
    element("span", { class: "line" }, line),
  );
}

class BuildPanel {
  constructor() {
    this.pill = byId("build-state");
    this.errors = byId("errors");
    this.pill.onclick = () => this.open(this.errors.hidden);
    byId("errors-hide").onclick = () => this.open(false);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !this.errors.hidden) this.open(false);
    });
  }

  /** Whether somebody builds the code. */
  isKnown() {
    return this.build !== undefined;
  }

  isBroken() {
    return this.build?.text !== undefined;
  }

  /** Shows a state, which may be one that was told before. */
  update(build) {
    const isNew = build.since_ms !== this.build?.since_ms || build.state !== this.build.state;
    const isFirst = this.build === undefined;
    this.build = build;
    this.pill.hidden = false;
    this.pill.dataset.state = build.state;
    clearInterval(this.timer);
    this.tick();
    showTitle();
    if (build.state === "building") this.timer = setInterval(() => this.tick(), 1000);
    if (!isNew) return;
    if (build.text !== undefined) this.fail(build);
    else if (build.state === "running") this.clear();
    if (!isFirst && build.state !== "building" && build.state !== "failed") Client.codeIsNew();
  }

  tick() {
    const { state, since_ms, took_ms } = this.build;
    const seconds = Math.max(0, Math.round((Date.now() - since_ms) / 1000));
    const text = {
      building: `Building… ${seconds} s`,
      running: `Built in ${spanText(took_ms * 1e6)} at ${clock(new Date(since_ms)).slice(0, 8)}`,
      failed: "Build failed",
      "rolled-back": "Rolled back",
    };
    setText(this.pill, text[state] ?? state);
    const hasErrors = byId("errors-text").textContent !== "" || this.build.text !== undefined;
    this.pill.disabled = !hasErrors || state === "running";
  }

  fail({ state, text, left_off }) {
    const title = state === "failed" ? "The build failed" : "The new code was rolled back";
    const rest = left_off ? `\n\n… and ${sizeText(left_off)} more` : "";
    setText(byId("errors-title"), title);
    setText(byId("errors-text"), text + rest);
    byId("alarm").textContent = `${title}. ${text.split("\n").find((line) => line.trim()) ?? ""}`;
    this.open(true);
    byId("errors-text").scrollTo(0, 0);
  }

  clear() {
    byId("alarm").textContent = "";
    announce("The new code runs");
    this.open(false);
    byId("errors-text").textContent = "";
  }

  open(isOpen) {
    if (!isOpen && this.errors.contains(document.activeElement)) this.pill.focus();
    this.errors.hidden = !isOpen;
    document.documentElement.toggleAttribute("data-sheet", isOpen);
    this.pill.setAttribute("aria-expanded", String(isOpen));
  }
}
