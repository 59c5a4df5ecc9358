// What the page was given, the words in the reader's language, and small tools for building elements.
export const data = JSON.parse(document.getElementById("data").textContent);

export function t(key, gaps = {}) {
  let text = data.texts[key] || key;
  for (const name of Object.keys(gaps)) text = text.split(`{${name}}`).join(String(gaps[name]));
  return text;
}

export const find = (id) => document.getElementById(id);

/** An element with attributes (functions become listeners) and children; strings become text, never markup. */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  const given = attributes || {};
  for (const name of Object.keys(given)) {
    const value = given[name];
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  for (const child of children) if (child !== null && child !== "") node.append(child);
  return node;
}

/** Storage that may be switched off or full: then things are only remembered until the page goes. */
export function keeper(storage) {
  const memory = new Map();
  const attempt = (work, otherwise) => {
    try {
      return work(window[storage]);
    } catch (error) {
      return otherwise;
    }
  };
  return {
    get: (key) => (memory.has(key) ? memory.get(key) : attempt((store) => store.getItem(key), null)),
    set(key, value) {
      if (!attempt((store) => (store.setItem(key, value), true), false)) memory.set(key, value);
      else memory.delete(key);
    },
    drop(key) {
      memory.delete(key);
      attempt((store) => store.removeItem(key));
    },
    keys(prefix) {
      const stored = attempt((store) => Object.keys(store), []);
      return stored.concat(Array.from(memory.keys())).filter((key) => key.startsWith(prefix));
    },
  };
}

export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => (byte + 256).toString(16).slice(1)).join("");
}
