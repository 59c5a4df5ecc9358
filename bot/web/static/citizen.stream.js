// What the office says while the page is open: a stream, and asking now and then where there can be none.
const POLL_MS = 8000;
const AGAIN_MS = 60000;
const PATIENCE_MS = 6000;

export class Stream {
  /** `after()` gives the last letter's id, `hear(message)` takes a letter, `steady(bool)` hears about the line. */
  constructor({ after, hear, steady }) {
    this.after = after;
    this.hear = hear;
    this.steady = steady;
    this.source = null;
    this.timers = {};
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
    addEventListener("online", () => this.open());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible" && !this.source) this.open();
    });
  }

  open() {
    this.close();
    if (!window.EventSource) return this.poll();
    const source = new EventSource(`/talk/events?after=${this.after()}`);
    this.source = source;
    source.onopen = () => this.well();
    source.onmessage = (event) => {
      this.well();
      this.hear(JSON.parse(event.data));
    };
    source.onerror = () => {
      if (!this.timers.doubt) this.timers.doubt = setTimeout(() => this.steady(false), PATIENCE_MS);
      if (source.readyState !== EventSource.CLOSED) return;
      this.source = null;
      this.poll();
      this.timers.again = setTimeout(() => this.open(), AGAIN_MS);
    };
  }

  close() {
    for (const name of Object.keys(this.timers)) clearTimeout(this.timers[name]);
    this.timers = {};
    if (this.source) this.source.close();
    this.source = null;
  }

  well() {
    clearTimeout(this.timers.doubt);
    this.timers.doubt = 0;
    this.steady(true);
  }

  async poll() {
    try {
      const { messages } = await fetchHistory(`after=${this.after()}`);
      messages.forEach(this.hear);
      this.well();
    } catch (error) {
      this.steady(false);
    }
    if (!this.source) this.timers.poll = setTimeout(() => this.poll(), POLL_MS);
  }
}

export async function fetchHistory(query) {
  const response = await fetch(`/talk/history?${query}`, { credentials: "same-origin" });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}
