// A browser starts no workers from the file system. Search runs in one, so there it gets a hidden
// frame instead: the same script, and messages that arrive a moment later, as a worker's do.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.documentElement.append(this.frame);
      this.inner = this.frame.contentWindow;
      const inside = this.inner.document;
      inside.open(); // so that the frame's own empty document replaces nothing later
      inside.write("<!doctype html>");
      inside.close();
      this.inner.postMessage = (data) => setTimeout(() => this.onmessage?.({ data }));
      const script = inside.createElement("script");
      script.onload = () => {
        const waiting = this.waiting;
        this.waiting = undefined;
        for (const data of waiting) this.postMessage(data);
      };
      script.onerror = (event) => this.onerror?.(event);
      script.src = new URL(url, document.baseURI).href;
      inside.documentElement.append(script);
    }

    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else setTimeout(() => this.inner.onmessage({ data }));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
