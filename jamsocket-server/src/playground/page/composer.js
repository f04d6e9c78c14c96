// What a client is to send: text, JSON, bytes by their digits, or a file.

const PLACEHOLDERS = {
  text: "a message",
  json: '{"kind": "move", "x": 3}',
  hex: "68 65 6c 6c 6f",
};

/** How many messages can be brought back by the arrow keys. */
const MOST_KEPT = 50;

class Composer {
  /** `name` is its own on the page, and `send` is given a string or bytes. */
  constructor(form, name, send) {
    this.form = form;
    this.text = form.querySelector("textarea");
    this.file = form.querySelector(".file");
    this.info = form.querySelector(".info");
    this.button = form.querySelector(".primary");
    this.send = send;
    this.mode = "text";
    this.drafts = { text: "", json: "", hex: "" };
    this.sent = {};
    this.canSend = false;
    for (const input of form.querySelectorAll(".modes input")) {
      input.name = `${name}-mode`;
      input.onchange = () => this.choose(input.value);
    }
    this.info.id = `${name}-info`;
    this.text.setAttribute("aria-describedby", this.info.id);
    this.text.placeholder = PLACEHOLDERS.text;
    this.text.oninput = () => this.check();
    this.text.onkeydown = (event) => this.press(event);
    this.file.onchange = () => this.check();
    form.onsubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    this.check();
  }

  /** Whether there is anybody to send to. */
  allow(canSend) {
    this.canSend = canSend;
    this.check();
  }

  choose(mode) {
    if (this.mode !== "file") this.drafts[this.mode] = this.text.value;
    this.mode = mode;
    this.text.hidden = mode === "file";
    this.file.hidden = mode !== "file";
    if (mode !== "file") {
      this.text.value = this.drafts[mode];
      this.text.placeholder = PLACEHOLDERS[mode];
    }
    this.check();
  }

  /** Says what would be sent, or why nothing can be. Returns it: a string, bytes or a file. */
  check() {
    const { message, fault, info } = this.read();
    setText(this.info, fault ?? info);
    this.info.title = fault ?? "";
    this.info.toggleAttribute("data-fault", fault !== undefined);
    this.text.setAttribute("aria-invalid", String(fault !== undefined));
    this.button.disabled = !this.canSend || message === undefined;
    return this.button.disabled ? undefined : message;
  }

  read() {
    if (this.mode === "file") {
      const [file] = this.file.files;
      return file ? { message: file, info: sizeText(file.size) } : { info: "choose a file" };
    }
    const text = this.text.value;
    if (this.mode === "hex") {
      const { bytes, fault } = bytesOf(text);
      return fault ? { fault } : { message: bytes, info: sizeText(bytes.length) };
    }
    const size = sizeText(encoder.encode(text).length);
    const info = text === "" ? "Enter sends, Shift and Enter begin a new line" : size;
    if (this.mode === "text") return { message: text, info };
    if (text.trim() === "") return { info: "a JSON value, as it is to be sent" };
    const fault = jsonFault(text);
    return fault ? { fault } : { message: text, info: `JSON, ${size}` };
  }

  async submit() {
    let message = this.check();
    if (message === undefined) return;
    if (message instanceof File) {
      try {
        message = new Uint8Array(await message.arrayBuffer());
      } catch (error) {
        setText(this.info, `the file cannot be read: ${error.message}`);
        this.info.toggleAttribute("data-fault", true);
        return;
      }
      if (!this.canSend) return;
    } else {
      this.remember();
    }
    this.send(message);
    // Enter sends the same once more, and what is typed takes its place.
    if (document.activeElement === this.text) this.text.select();
  }

  remember() {
    const text = this.text.value;
    const others = (this.sent[this.mode] ?? []).filter((other) => other !== text);
    this.sent[this.mode] = [...others, text].slice(-MOST_KEPT);
  }

  press(event) {
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      this.recall(event);
    }
  }

  /** Brings back what was sent before, where the arrow key could not move the cursor. */
  recall(event) {
    const { selectionStart: start, selectionEnd: end, value } = this.text;
    const isWhole = start === 0 && end === value.length;
    const up = event.key === "ArrowUp";
    if (!isWhole && (up ? value.slice(0, start) : value.slice(end)).includes("\n")) return;
    const sent = this.sent[this.mode] ?? [];
    const here = sent.includes(value) ? sent.indexOf(value) : sent.length;
    const next = sent[here + (up ? -1 : 1)];
    if (next === undefined) return;
    event.preventDefault();
    this.text.value = next;
    this.text.select();
    this.check();
  }
}
