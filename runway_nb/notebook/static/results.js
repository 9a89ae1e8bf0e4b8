// Results of the notebook get a button that opens their settings in the panel, while one is there. It is never saved:
// without a kernel it could do nothing.

const RESULT = 'span[title^="runway_nb job "]', OPEN = "runway-open";

/** The results around a panel. Of several panels the one that was used last opens them. */
class Results {
  constructor(panel, scope, open, signal) {
    this.scope = scope;
    this.name = `panel-${Math.random()}`;
    this.claim();
    this.offer();
    this.scope.addEventListener(OPEN, event => this.isChosen && open(event.detail), { signal });
    panel.addEventListener("focusin", () => this.claim(), { signal });
    this.seen = new MutationObserver(() => this.soon());
    this.seen.observe(this.scope, { childList: true, subtree: true });
    signal.addEventListener("abort", () => this.leave());
  }

  get isChosen() {
    return this.scope.dataset.runwayPanel === this.name;
  }

  claim() {
    this.scope.dataset.runwayPanel = this.name;
  }

  soon() {
    this.waiting ||= requestAnimationFrame(() => {
      this.waiting = 0;
      this.scope.dataset.runwayPanel ||= this.name;
      this.offer();
    });
  }

  offer() {
    for (const result of this.scope.querySelectorAll(RESULT)) {
      const line = result.parentElement;
      if (!line.querySelector(".rnb-open-result")) line.append(this.button(result.textContent));
    }
  }

  button(job) {
    const made = make("button", {
      type: "button", className: "rnb-open-result", textContent: "Open in panel",
      title: `Set the panel as it was for job ${job}`, "aria-label": `Open in panel: job ${job}`,
    });
    made.dataset.lmSuppressShortcuts = "true";
    made.onclick = () => this.scope.dispatchEvent(new CustomEvent(OPEN, { detail: job }));
    return made;
  }

  leave() {
    this.seen.disconnect();
    cancelAnimationFrame(this.waiting);
    if (this.isChosen) delete this.scope.dataset.runwayPanel;
    // another panel takes them over
    setTimeout(() => {
      if (this.scope.querySelector(".rnb-panel")) return;
      this.scope.querySelectorAll(".rnb-open-result").forEach(button => button.remove());
    });
  }
}
