// @ts-check
// Results of the notebook get a button that opens their settings in the panel, while one is there. It is never saved:
// without a kernel it could do nothing.
import { find, findAll, make } from "./dom.js";
import { FACTS } from "./facts.js";

const RESULT = `span[title^="${FACTS.jobTitle}"]`;
const OPEN = "runway-open";

/** The buttons in the results around a panel. Of several panels the one that was used last opens them. */
export class OpenButtons {
  /**
   * @param {HTMLElement} panel
   * @param {HTMLElement} scope Where results are looked for.
   * @param {(job: string) => void} open
   * @param {AbortSignal} signal
   */
  constructor(panel, scope, open, signal) {
    this.scope = scope;
    this.name = `panel-${Math.random()}`;
    this.waiting = 0;
    this.claim();
    this.offer();
    /** @param {Event} event */
    const onOpen = event => this.isChosen && open(/** @type {CustomEvent<string>} */ (event).detail);
    this.scope.addEventListener(OPEN, onOpen, { signal });
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
    for (const result of findAll(this.scope, RESULT)) {
      const line = result.parentElement;
      if (line && !find(line, ".rnb-open-result")) line.append(this.button(result.textContent));
    }
  }

  /** @param {string} job */
  button(job) {
    const made = make("button", {
      type: "button",
      className: "rnb-open-result",
      textContent: "Open in panel",
      title: `Set the panel as it was for job ${job}`,
      "aria-label": `Open in panel: job ${job}`,
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
      if (find(this.scope, ".rnb-panel")) return;
      for (const button of findAll(this.scope, ".rnb-open-result")) button.remove();
    });
  }
}
