// Elements, and how times, sizes and bytes are written.

const byId = (id) => document.getElementById(id);
const encoder = new TextEncoder();

/** An element with these attributes, and with texts or elements inside. No text is read as markup. */
function element(tag, attributes = {}, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

/** Changes a text, unless it is that already. */
function setText(shown, text) {
  if (shown.textContent !== text) shown.textContent = text;
}

/** Says something to those who hear the page. */
function announce(text) {
  byId("announcer").textContent = text;
}

/** The time of day, to the millisecond. */
function clock(date) {
  const two = (number) => String(number).padStart(2, "0");
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${time}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

function withUnit(number, step, units) {
  let unit = 0;
  while (number >= step && unit < units.length - 1) {
    number /= step;
    unit += 1;
  }
  const digits = unit === 0 || number >= 100 ? 0 : number >= 10 ? 1 : 2;
  return `${number.toFixed(digits)} ${units[unit]}`;
}

const sizeText = (bytes) => withUnit(bytes, 1024, ["B", "KiB", "MiB", "GiB"]);
const spanText = (nanoseconds) => withUnit(nanoseconds, 1000, ["ns", "µs", "ms", "s"]);
const countText = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/** A, B, … Z, AA, AB, … */
function letters(number) {
  const rest = Math.floor(number / 26);
  return (rest > 0 ? letters(rest - 1) : "") + String.fromCharCode(65 + (number % 26));
}

/** Bytes as rows of their place, their digits, and what of them is ASCII. */
function dump(bytes) {
  const rows = [];
  for (let at = 0; at < bytes.length; at += 8) {
    const row = Array.from(bytes.subarray(at, at + 8));
    const digits = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : "·"));
    rows.push(`${at.toString(16).padStart(4, "0")}  ${digits.padEnd(23)}  ${text.join("")}`);
  }
  return rows.join("\n");
}

/** The bytes that hexadecimal digits stand for, or what is wrong with them. */
function bytesOf(text) {
  const wrong = text.match(/[^0-9a-f\s]/iu);
  if (wrong) return { fault: `character ${wrong.index + 1}: “${wrong[0]}” is no hexadecimal digit` };
  const digits = text.replace(/\s/g, "");
  if (digits.length % 2) return { fault: `a byte has two digits: there are ${digits.length} in all` };
  const pairs = digits.match(/../g) ?? [];
  return { bytes: Uint8Array.from(pairs, (pair) => parseInt(pair, 16)) };
}
