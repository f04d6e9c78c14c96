// What is wrong with a text that is to be JSON. Browsers differ in whether they say where.

const JSON_STRING_PART = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y;
const JSON_NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const JSON_WORD = /true|false|null/y;

/** Where a text stops being JSON (RFC 8259), and why; null where it is. */
function jsonFault(text) {
  try {
    JSON.parse(text);
    return null;
  } catch {
    const fault = firstFault(text);
    const lines = text.slice(0, fault.at).split("\n");
    return `line ${lines.length}, column ${lines.at(-1).length + 1}: ${fault.why}`;
  }
}

/** Goes through a text that is not JSON up to where that shows. */
function firstFault(text) {
  let at = 0;
  class Fault {
    constructor(why) {
      this.why = at < text.length || why.startsWith("the string") ? why : `it ends here; ${why}`;
      this.at = at;
    }
  }
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found !== null;
  };
  const skip = () => take(/[ \t\n\r]*/y);
  const takeMark = (mark) => {
    skip();
    if (text[at] !== mark) return false;
    at += 1;
    return true;
  };
  const string = (why) => {
    skip();
    if (text[at] !== '"') throw new Fault(why);
    take(JSON_STRING_PART);
    if (text[at] === '"') at += 1;
    else if (at >= text.length) throw new Fault("the string does not end");
    else if (text[at] === "\\") throw new Fault("there is no such escape");
    else throw new Fault("in a string this is written as an escape, such as \\n");
  };
  const list = (end, member) => {
    if (takeMark(end)) return;
    do member();
    while (takeMark(","));
    if (!takeMark(end)) throw new Fault(`expected “,” or “${end}”`);
  };
  const value = () => {
    skip();
    if (takeMark("[")) list("]", value);
    else if (takeMark("{")) list("}", property);
    else if (text[at] === '"') string("");
    else if (!take(JSON_WORD) && !take(JSON_NUMBER)) throw new Fault("expected a value");
  };
  const property = () => {
    string("expected a name in double quotes");
    if (!takeMark(":")) throw new Fault("expected “:”");
    value();
  };
  try {
    value();
    skip();
    return { at, why: "expected the end" };
  } catch (fault) {
    return fault instanceof Fault ? fault : { at, why: "it is nested too deeply" };
  }
}
