// What lies over the talk (the "+" panel, a photo): the phone's back button closes it before anything else.
const open = [];

/** Show a layer. `close` is called once, whichever way it is closed. Returns a function that closes it. */
export function raise(close) {
  const layer = { close };
  open.push(layer);
  history.pushState({ layer: open.length }, "");
  return () => {
    if (open.indexOf(layer) >= 0) history.back();
  };
}

addEventListener("popstate", () => {
  const layer = open.pop();
  if (layer) layer.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && open.length) {
    event.preventDefault();
    history.back();
  }
});
