// The camera preview: plays the move on the keyframes, in the page alone.

const SHAPE = CAMERA.frame[0] / CAMERA.frame[1];
const WIDEST = 560, TALLEST = 320, GAP = 8;
const ICONS = { play: "M4 2.5v11l9.5-5.5z", pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z" };
const SKETCH = "sketch of the move, not of the content";
const PATH_HINT = "Dotted: the start frame. Solid: the end frame. Line: where the centre goes.";
const CROP_HINT = "The whole picture, with the part that the frame keeps.";

/** The size of the frame on the screen: all the room there is, up to a limit. */
function frameSize(room, portrait, count) {
  const share = (room - (count - 1) * GAP) / count;
  const height = portrait ? Math.min(TALLEST, share * SHAPE) : Math.min(WIDEST, share) / SHAPE;
  return { width: Math.floor(portrait ? height / SHAPE : height * SHAPE), height: Math.floor(height) };
}

function checkbox(text, hint, checked) {
  const input = make("input", { type: "checkbox", checked });
  return [make("label", { className: "rnb-check", title: hint }, input, text), input];
}

/** The fixed parts of the preview's page. */
function page() {
  const parts = {
    stage: make("div", { className: "rnb-stage", role: "img" }),
    empty: make("div", { className: "rnb-empty", textContent: "Choose a first keyframe to see the move" }),
    chip: make("div", { className: "rnb-chip" }),
    glyph: vector("path", { fill: "currentColor" }),
    play: make("button", { className: "rnb-play", type: "button" }),
    scrub: make("input", { type: "range", className: "rnb-scrub", value: 0, "aria-label": "Time in the shot" }),
    clock: make("span", { className: "rnb-clock" }),
    status: make("div", { className: "rnb-sr", role: "status" }),
  };
  [parts.pathLabel, parts.path] = checkbox("Path", PATH_HINT, true);
  [parts.cropLabel, parts.crop] = checkbox("Crop", CROP_HINT, false);
  parts.play.append(vector("svg", { viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, parts.glyph));
  parts.transport = make("div", { className: "rnb-transport" });
  parts.transport.append(parts.play, parts.scrub, parts.clock, parts.pathLabel, parts.cropLabel);
  return parts;
}

class Player {
  constructor(model, el) {
    Object.assign(this, { model, el, parts: page(), t: model.get("time"), playing: false, before: 0 });
    Object.assign(this, { pictures: [], views: [], controls: {}, fields: {}, held: {}, unsaved: new Set() });
    Object.assign(this, { loading: 0, following: 0, waiting: 0, panel: null, gone: new AbortController() });
    Object.assign(this, { name: Math.random().toString(36).slice(2), questions: 0, asked: new Map(), acting: new Set() });
    this.notebook = Notebook.around(model);
    this.calm = matchMedia("(prefers-reduced-motion: reduce)");
    el.classList.add("rnb-preview");
    el.setAttribute("role", "group");
    el.setAttribute("aria-label", "Camera preview");
    el.append(this.parts.stage, this.parts.transport, this.parts.status);
    guardShortcuts(el);
    this.listen();
    this.play(false);
    this.follow();
    this.load();
  }

  // --- values -------------------------------------------------------------------------------------

  /** The value of a move at this moment: under the user's hand, of its control, or the preview's own. */
  value(move) {
    return this.held[move] ?? this.controls[move]?.get("value") ?? this.model.get(move);
  }

  get isStatic() {
    return this.controls.static?.get("value") ?? this.model.get("static");
  }

  get camera() {
    return this.isStatic ? {} : Object.fromEntries(MOVES.map(move => [move, this.value(move)]));
  }

  get seconds() {
    return Math.max(1, this.model.get("seconds"));
  }

  /** A static camera has no moves; the kernel hears of it in its own time. */
  lock() {
    for (const move of MOVES) this.controls[move]?.set("disabled", this.isStatic);
    this.draw();
  }

  /** Show a value that nobody else has been told yet. */
  hold(move, value) {
    this.held[move] = value;
    this.panel?.classList.add("rnb-held"); // the sentence in words is the kernel's, and comes when it is let go
    this.moved();
  }

  letGo(move) {
    delete this.held[move];
    this.panel?.classList.remove("rnb-held");
    this.draw();
  }

  /** Set a value in the page; `save` tells the kernel. */
  put(move, value) {
    const control = this.controls[move];
    if (control) control.set("value", value);
    else this.model.set(move, value);
    this.unsaved.add(move);
  }

  save(move) {
    if (!this.unsaved.delete(move)) return;
    (this.controls[move] ?? this.model).save_changes();
  }

  commit(move, value) {
    this.put(move, value);
    this.save(move);
  }

  announce(words) {
    this.parts.status.textContent = words;
  }

  // --- events -------------------------------------------------------------------------------------

  listen() {
    const { model, parts } = this;
    for (const move of MOVES) model.on(`change:${move}`, () => !this.controls[move] && this.moved());
    for (const name of ["static", "seconds", "crop_note"]) model.on(`change:${name}`, () => this.draw());
    for (const [name] of KEYFRAMES) model.on(`change:${name}`, () => this.load());
    model.on("change:portrait", () => this.layOut());
    for (const name of ["controls", "fields"]) model.on(`change:${name}`, () => this.follow());
    model.on("change:time", () => this.seek(model.get("time")));
    model.on("change:say", () => this.announce(model.get("say")));
    model.on("msg:custom", message => this.hear(message));
    parts.play.onclick = () => this.play(!this.playing);
    parts.scrub.oninput = () => { this.play(false); this.seek(parts.scrub.value / 100); };
    parts.scrub.onchange = () => this.saveTime();
    parts.path.onchange = parts.crop.onchange = () => this.draw();
    this.watch();
  }

  watch() {
    const { signal } = this.gone;
    this.calm.addEventListener("change", () => { this.play(false); this.layOut(); }, { signal });
    // a page that is magnified shows more pixels to the inch at the same width
    addEventListener("resize", () => this.fit(), { signal });
    this.size = new ResizeObserver(() => requestAnimationFrame(() => this.fit()));
    this.size.observe(this.el);
    this.late = new MutationObserver(records => {
      if (records.some(record => !this.el.contains(record.target))) this.enhanceSoon();
    });
    signal.addEventListener("abort", () => [this.size, this.late].forEach(observer => observer.disconnect()));
    this.notebook?.whenSaved(() => this.notebook.keep(this.model.get("texts")), signal);
    this.notebook?.whenKernelEnds(() => this.notebook.putTexts(this.model.get("texts")), signal);
  }

  /** The panel around the preview, known once both are in the page. */
  adopt() {
    const panel = this.el.closest(".rnb-panel");
    if (panel === this.panel) return;
    this.late.disconnect();
    this.panel = panel;
    if (!panel) return;
    this.late.observe(panel, { childList: true, subtree: true });
    panel.classList.toggle("rnb-in-notebook", Boolean(this.notebook));
    const scope = this.notebook ? panel.closest(".jp-Notebook") : document.body;
    if (scope) this.results ??= new Results(panel, scope, name => this.open(name), this.gone.signal);
  }

  enhanceSoon() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      if (this.panel) enhance(this.panel, this);
    });
  }

  /** Read the controls' own models: what they hold is shown at once, whether the kernel listens or not. */
  async follow() {
    this.unfollow();
    const turn = ++this.following;
    const found = await this.models("controls"), fields = await this.models("fields");
    if (this.gone.signal.aborted || turn !== this.following) return;
    this.controls = found;
    this.fields = fields;
    for (const [name, control] of Object.entries(found)) {
      control.on("change:value", () => (name === "static" ? this.lock() : this.moved()), this);
    }
    this.draw();
  }

  /** The models behind a trait that names widgets; one that is gone meanwhile is left out. */
  async models(trait) {
    const found = {};
    for (const [name, reference] of Object.entries(this.model.get(trait) ?? {})) {
      try {
        found[name] = await this.model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
      } catch {
        // the preview's own value counts
      }
    }
    return found;
  }

  // --- the kernel ---------------------------------------------------------------------------------

  /** Ask the kernel for something; it answers when it has done it. */
  ask(kind, more = {}) {
    const number = `${this.name}.${++this.questions}`;
    const answer = new Promise(done => this.asked.set(number, done));
    this.model.send({ kind, number, ...more });
    return answer;
  }

  /** Let the kernel do what only it can do. */
  act(kind, more) {
    const done = this.ask(kind, more);
    this.acting.add(done);
    done.then(() => this.acting.delete(done));
  }

  /** After the kernel has done all it was asked for: only then is what the controls show what was meant. */
  async settled() {
    while (this.acting.size) await Promise.all(this.acting);
  }

  /** What the controls show: a click may overtake their values on the way to a busy kernel, and takes them along. */
  get shown() {
    const value = model => model.get("_options_labels")?.[model.get("index")] ?? model.get("value");
    return Object.fromEntries(Object.entries(this.fields).map(([name, model]) => [name, value(model)]));
  }

  async press() {
    await this.settled();
    this.model.send({ kind: "press", values: this.shown });
  }

  /** The cell that makes the request which is shown; a busy kernel lets it wait. */
  async askCell() {
    await this.settled();
    return this.ask("cell", { values: this.shown });
  }

  open(name) {
    this.act("open", { name });
    this.panel.scrollIntoView({ block: "nearest" });
    this.panel.querySelector(".rnb-words textarea")?.focus({ preventScroll: true });
  }

  hear({ kind, number, text, place, data }) {
    if (kind === "answer") this.asked.get(number)?.(text);
    if (kind === "answer") this.asked.delete(number);
    if (kind === "put") this.notebook?.put(place, data);
  }

  unfollow() {
    for (const control of Object.values(this.controls)) control.off("change:value", null, this);
    this.controls = {};
  }

  /** A file in pieces that fit into messages. */
  async upload(slot, file, size) {
    const count = Math.ceil(file.size / size), id = `${this.name}.${++this.questions}`;
    for (let piece = 0; piece < count; piece++) {
      const bytes = await file.slice(piece * size, (piece + 1) * size).arrayBuffer();
      this.announce(`Uploading ${file.name}: ${Math.round((piece / count) * 100)} %`);
      this.model.send({ kind: "piece", slot, file: id, count, name: file.name }, undefined, [new DataView(bytes)]);
    }
    this.announce(`${file.name} is uploaded.`);
  }

  // --- time ---------------------------------------------------------------------------------------

  seek(t) {
    this.t = t;
    this.draw();
  }

  /** A touched slider shows the end of the move, because that is where its value is reached. */
  moved() {
    if (!this.playing && this.views.length && Object.values(this.camera).some(Boolean)) this.t = 1;
    this.draw();
  }

  play(on) {
    this.playing = on && this.views.length > 0 && !this.calm.matches;
    this.before = 0;
    this.parts.glyph.setAttribute("d", ICONS[this.playing ? "pause" : "play"]);
    this.parts.play.setAttribute("aria-label", this.playing ? "Pause the preview" : "Play the preview");
    if (!this.playing) return;
    if (this.t >= 1) this.t = 0;
    requestAnimationFrame(now => this.tick(now));
  }

  tick(now) {
    if (!this.playing) return;
    if (this.before) this.t = Math.min(1, this.t + (now - this.before) / 1000 / this.seconds);
    this.before = now;
    this.draw();
    if (this.t >= 1) this.play(false);
    else requestAnimationFrame(next => this.tick(next));
  }

  saveTime() {
    this.model.set("time", this.t);
    this.model.save_changes();
  }

  // --- pictures -----------------------------------------------------------------------------------

  async load() {
    const turn = ++this.loading;
    const pictures = await decode(this.model);
    const isLate = turn !== this.loading || this.gone.signal.aborted;
    (isLate ? pictures : this.pictures).forEach(picture => picture.bitmap.close());
    if (isLate) return;
    this.pictures = pictures;
    this.layOut();
  }

  /** The same again when room or sharpness have changed. */
  fit() {
    if (this.gone.signal.aborted) return;
    this.adopt();
    const room = `${this.el.clientWidth} ${devicePixelRatio}`;
    if (room !== this.room) this.layOut();
    this.enhanceSoon();
  }

  layOut() {
    const width = this.el.clientWidth;
    if (!width) return;
    this.room = `${width} ${devicePixelRatio}`;
    const { stage, empty, chip, transport, play, scrub } = this.parts;
    const isPair = this.calm.matches && this.pictures.length > 0;
    const size = frameSize(width, this.model.get("portrait"), isPair ? 2 : 1);
    const labels = isPair ? ["start", "end"] : [""];
    this.views = this.pictures.length ? labels.map(label => new View(this.pictures, size, label)) : [];
    stage.style.cssText = `width:${labels.length * (size.width + GAP) - GAP}px;height:${size.height}px`;
    stage.replaceChildren(...this.views.map(view => view.node), this.views.length ? chip : empty);
    transport.classList.toggle("is-still", isPair);
    play.disabled = scrub.disabled = !this.views.length;
    this.draw();
  }

  // --- drawing ------------------------------------------------------------------------------------

  draw() {
    const crop = this.parts.crop.checked && this.views.length > 0;
    const scene = { camera: this.camera, path: this.parts.path.checked, crop };
    const times = this.views.length > 1 ? [0, 1] : [this.t];
    this.views.forEach((view, index) => view.draw(scene, times[index]));
    this.tellTime();
    this.tellMove(scene);
    if (this.panel) showMoves(this.panel, this);
  }

  tellTime() {
    const { scrub, clock } = this.parts;
    const percent = Math.round(this.t * 100), words = (this.t * this.seconds).toFixed(1);
    scrub.value = percent;
    scrub.style.setProperty("--rnb-done", `${this.t * 100}%`);
    scrub.setAttribute("aria-valuetext", `${words} of ${this.seconds} seconds`);
    clock.textContent = `${words} s`;
  }

  tellMove({ camera, crop }) {
    const { stage, chip } = this.parts;
    const moves = MOVES.filter(move => tenths(camera[move] ?? 0)).map(move => `${move} ${signed(camera[move])}`);
    const move = this.isStatic ? "static camera" : moves.join(", ") || "no move";
    chip.textContent = crop ? this.model.get("crop_note") || "whole picture" : this.isStatic ? "static" : SKETCH;
    chip.title = crop ? CROP_HINT : SKETCH;
    const kind = crop ? chip.textContent : `${SKETCH[0].toUpperCase()}${SKETCH.slice(1)}: ${move}`;
    stage.setAttribute("aria-label", this.views.length ? kind : this.parts.empty.textContent);
  }

  // --- the end ------------------------------------------------------------------------------------

  leave() {
    this.play(false);
    this.gone.abort();
    cancelAnimationFrame(this.waiting);
    if (this.panel && players.get(this.panel) === this) players.delete(this.panel);
    this.unfollow();
    this.pictures.forEach(picture => picture.bitmap.close());
    this.views = [];
    // after its output is gone, its text need not be kept
    setTimeout(() => this.notebook?.keep({}));
  }
}

function render({ model, el }) {
  const player = new Player(model, el);
  model.send({ kind: "shown", notebook: Boolean(player.notebook) });
  return () => player.leave();
}

export default { render };
