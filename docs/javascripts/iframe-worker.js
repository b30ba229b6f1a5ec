// A browser starts no workers from the file system. Search runs in one, so there it gets a hidden
// frame instead: the same script, the same two functions and one event.
if (location.protocol === "file:") {
  window.Worker = class {
    constructor(url) {
      this.waiting = [];
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.documentElement.append(this.frame);
      this.inner = this.frame.contentWindow;
      this.inner.postMessage = (data) => this.onmessage?.({ data });
      const script = this.inner.document.createElement("script");
      script.onload = () => {
        const waiting = this.waiting;
        this.waiting = undefined;
        for (const data of waiting) this.postMessage(data);
      };
      script.onerror = (event) => this.onerror?.(event);
      script.src = new URL(url, document.baseURI).href;
      this.inner.document.documentElement.append(script);
    }

    postMessage(data) {
      if (this.waiting) this.waiting.push(data);
      else this.inner.onmessage({ data });
    }

    terminate() {
      this.frame.remove();
    }
  };
}
