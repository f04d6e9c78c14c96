// Lists that grow at their end: what a client sent and heard, and the log.

/** How much of a message is shown at first: characters, and bytes. */
const FIRST_CHARACTERS = 400;
const FIRST_BYTES = 64;

/** How much of a message is kept, in characters or bytes. */
const KEPT_OF_ONE = 65536;

/** How long lists stay as they are, in milliseconds: a flood must not keep the page from all else. */
const SHORTEST_PAUSE = 50;

/**
 * A list that shows the last entries, and stays at its end unless somebody has scrolled up.
 */
class Tail {
  static changed = new Set();
  static drawn = 0;

  constructor(list, most) {
    this.list = list;
    this.most = most;
    this.waiting = [];
    this.gone = 0;
    this.note = element("li", { class: "gone" });
  }

  /** Adds an entry, which `draw` makes an element of when it is to be seen. */
  add(draw) {
    this.waiting.push(draw);
    if (this.waiting.length > this.most) {
      this.waiting.shift();
      this.gone += 1;
    }
    if (Tail.changed.size === 0) Tail.drawSoon();
    Tail.changed.add(this);
  }

  clear() {
    this.waiting = [];
    this.gone = 0;
    this.list.replaceChildren();
  }

  static drawSoon() {
    const wait = Tail.drawn + SHORTEST_PAUSE - performance.now();
    const draw = () => requestAnimationFrame(Tail.drawAll);
    if (wait > 0) setTimeout(draw, wait);
    else draw();
  }

  /** First looks at all lists, then changes them, so that the page is laid out once. */
  static drawAll() {
    const tails = [...Tail.changed];
    Tail.changed.clear();
    Tail.drawn = performance.now();
    const atEnd = tails.map(({ list }) => list.scrollHeight - list.scrollTop - list.clientHeight < 8);
    tails.forEach((tail, index) => tail.draw(atEnd[index]));
    tails.forEach(({ list }, index) => {
      if (atEnd[index]) list.scrollTop = list.scrollHeight;
    });
  }

  /** What somebody reads who has scrolled up stays where it is, unless there is far too much. */
  draw(atEnd) {
    const { list, note } = this;
    list.append(...this.waiting.map((draw) => draw()));
    this.waiting = [];
    if (list.childElementCount <= (atEnd ? this.most : 4 * this.most)) return;
    note.remove();
    while (list.childElementCount > this.most) {
      list.firstElementChild.remove();
      this.gone += 1;
    }
    setText(note, `${countText(this.gone, "earlier entry is", "earlier entries are")} gone`);
    list.prepend(note);
  }
}

/** An entry about a client itself: it joined, it left. */
function noteEntry(text, failed = false) {
  const at = clock(new Date());
  return () => {
    const entry = element("li", { class: "entry", "data-testid": "entry", "data-direction": "note" });
    entry.append(element("time", {}, at), element("span", { class: "payload" }, text));
    entry.toggleAttribute("data-failed", failed);
    return entry;
  };
}

/** An entry for a message: a string, or bytes. `direction` is in or out, `trip` in milliseconds. */
function messageEntry(direction, message, bytes, trip) {
  const at = clock(new Date());
  const kept = message.slice(0, KEPT_OF_ONE);
  const isText = typeof message === "string";
  return () => {
    const arrow = direction === "out" ? "↑" : "↓";
    const entry = element(
      "li",
      { class: "entry", "data-testid": "entry", "data-direction": direction },
      element("time", {}, at),
      element("span", { class: "arrow", "aria-hidden": "true" }, arrow),
      element("span", { class: "unseen" }, direction === "out" ? "sent" : "received"),
      element("span", { class: "kind" }, isText ? "text" : "binary"),
      element("span", { class: "size" }, sizeText(bytes)),
    );
    if (trip !== undefined) {
      const title = "Since this client last sent something";
      entry.append(element("span", { class: "trip", title }, spanText(trip * 1e6)));
    }
    entry.append(payload(kept, message.length > kept.length));
    return entry;
  };
}

/** The begin of a message, with a button for the rest where it is long. */
function payload(message, isCut) {
  const first = typeof message === "string" ? FIRST_CHARACTERS : FIRST_BYTES;
  const write = (part) => (typeof part === "string" ? part : dump(part));
  const text = element("span", { "data-testid": "payload" }, write(message.slice(0, first)));
  const shown = element("div", { class: "payload" }, text);
  if (message.length <= first) return shown;
  const more = element("button", { class: "more", type: "button", "data-testid": "show-all" });
  let whole = false;
  const label = () => (whole ? "Show less" : isCut ? "Show more" : "Show all");
  more.textContent = label();
  more.onclick = () => {
    whole = !whole;
    text.textContent = write(whole ? message : message.slice(0, first));
    more.textContent = label();
  };
  shown.append(element("br"), more);
  return shown;
}
