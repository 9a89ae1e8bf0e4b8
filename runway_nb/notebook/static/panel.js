// What plain ipywidgets cannot do: names, keys and gestures of the controls around the preview, found by class.

const WORDS = {
  horizontal: ["left", "right"], vertical: ["down", "up"], zoom: ["out", "in"],
  pan: ["left", "right"], tilt: ["down", "up"], roll: ["counter-clockwise", "clockwise"],
};
const STEPS = { ArrowRight: 0.5, ArrowUp: 0.5, ArrowLeft: -0.5, ArrowDown: -0.5, PageUp: 2, PageDown: -2 };
const PLACES = { Home: -CAMERA.limit, End: CAMERA.limit, 0: 0, Delete: 0 };
const CONTROLS = "button, input, select, textarea, [contenteditable], [role=slider]";

// What was wired already. A page may throw nodes away and make others, so nothing is noted on the nodes themselves.
const wired = new WeakSet();
// The preview of each panel: its view may be made again while the rows around it stay.
const players = new WeakMap();
const NO_CELL = "No cell";
let groups = 0;

const playerOf = node => players.get(node.closest(".rnb-panel"));

function once(node, wire) {
  if (!node || wired.has(node)) return;
  wired.add(node);
  wire(node);
}

function setAttribute(node, name, value) {
  if (node && node.getAttribute(name) !== value) node.setAttribute(name, value);
}

const tenths = value => Math.round(value * 10) / 10 || 0;

function signed(value) {
  const rounded = tenths(value);
  return `${rounded > 0 ? "+" : rounded < 0 ? "\u2212" : ""}${Math.abs(rounded)}`;
}

function direction(move, value) {
  const rounded = tenths(value);
  return rounded ? WORDS[move][Number(rounded > 0)] : "";
}

/** Everything once more for what is new in the panel; cheap when nothing is. */
function enhance(panel, player) {
  players.set(panel, player);
  guardShortcuts(panel);
  panel.querySelectorAll(".widget-radio").forEach(nameRadios);
  panel.querySelectorAll(".rnb-dice, .widget-upload").forEach(nameButton);
  panel.querySelectorAll(".jupyter-widget-Collapse-header").forEach(header => once(header, openByKey));
  MOVES.forEach(move => enhanceMove(panel, player, move));
  once(panel.querySelector(".rnb-copy"), wireCopy);
  once(panel.querySelector(".rnb-insert"), wireInsert);
  once(panel.querySelector(".rnb-primary"), wirePress);
  panel.querySelectorAll(".widget-upload").forEach(upload => once(upload, wireUpload));
  panel.querySelectorAll("[class*=rnb-act-]").forEach(node => once(node, wireAct));
  panel.querySelectorAll(".rnb-slot-drop").forEach(slot => once(slot, wireDrop));
}

// The notebook takes arrows and letters for itself unless the focused element, not an ancestor, says otherwise.
function guardShortcuts(root) {
  root.querySelectorAll(CONTROLS).forEach(control => setAttribute(control, "data-lm-suppress-shortcuts", "true"));
}

// Radio buttons without a common name are one tab stop each, and arrow keys do not choose among them.
function nameRadios(group) {
  setAttribute(group, "role", "radiogroup");
  setAttribute(group, "aria-label", group.querySelector(".widget-label")?.textContent ?? "");
  const radios = [...group.querySelectorAll("input[type=radio]")];
  const name = radios.find(radio => radio.name)?.name ?? `rnb-radio-${++groups}`;
  for (const radio of radios) if (radio.name !== name) radio.name = name;
}

// What is drawn on it is no name.
function nameButton(button) {
  setAttribute(button, "aria-label", button.title);
}

// The head of an accordion hears the mouse alone, and says nothing of what it opens.
function openByKey(header) {
  const tell = () => {
    const isOpen = header.parentElement.classList.contains("jupyter-widget-Collapse-open");
    header.setAttribute("aria-expanded", String(isOpen));
  };
  setAttribute(header, "role", "button");
  setAttribute(header, "tabindex", "0");
  setAttribute(header, "data-lm-suppress-shortcuts", "true");
  header.addEventListener("click", () => requestAnimationFrame(tell));
  header.addEventListener("keydown", event => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    header.click();
  });
  tell();
}

// --- sliders --------------------------------------------------------------------------------------

const rowOf = (panel, move) => panel.querySelector(`.rnb-axis-${move}`);

function enhanceMove(panel, player, move) {
  const row = rowOf(panel, move);
  if (!row) return;
  once(row, () => wireRow(row, move));
  once(row.querySelector(".noUi-target")?.noUiSlider, slider => wireSlider(slider, row, move));
  const readout = row.querySelector(".widget-readout");
  setAttribute(readout, "role", "textbox");
  setAttribute(readout, "aria-label", `${move}, typed value, \u2212${CAMERA.limit} to ${CAMERA.limit}`);
  setAttribute(row.querySelector(".noUi-handle"), "aria-label", move);
  showMove(row, move, player.value(move));
}

function showMove(row, move, value) {
  const word = direction(move, value);
  row.dataset.word = word.split("-")[0]; // there is room for one word
  row.style.setProperty("--rnb-v", tenths(value));
  setAttribute(row.querySelector(".noUi-handle"), "aria-valuetext", `${signed(value)} ${word}`.trim());
}

/** Called while the picture moves: only what shows a value. */
function showMoves(panel, player) {
  for (const move of MOVES) {
    const row = rowOf(panel, move);
    if (row) showMove(row, move, player.value(move));
  }
}

// The control tells its model, and thereby the kernel, when the drag ends; the picture does not wait for that.
function wireSlider(slider, row, move) {
  slider.on("slide.rnb", (_texts, _handle, values) => playerOf(row)?.hold(move, tenths(values[0])));
  slider.on("change.rnb", () => playerOf(row)?.letGo(move));
  // the slider writes a bare number over the words with each of its updates
  slider.on("update.rnb", () => {
    const player = playerOf(row);
    if (player) showMove(row, move, player.value(move));
  });
}

function isLocked(row) {
  return row.querySelector(".noUi-target")?.hasAttribute("disabled") ?? false;
}

function wireRow(row, move) {
  row.addEventListener("dblclick", event => {
    if (!isLocked(row) && !event.target.closest(".widget-readout")) playerOf(row)?.commit(move, 0);
  });
  // before the slider's own keys: it has other steps
  row.addEventListener("keydown", event => onKey(event, row, move), true);
  for (const end of ["keyup", "focusout"]) row.addEventListener(end, () => playerOf(row)?.save(move));
  // a typed value is read when the field is left: the signs of other keyboards, and of the field itself, count too
  row.addEventListener("blur", event => spell(event.target), true);
  row.addEventListener("keydown", event => event.key === "Enter" && spell(event.target), true);
}

function spell(field) {
  if (!field.closest(".widget-readout")) return;
  const text = field.textContent.replace(/[\u2212\u2013]/g, "-").replace(/^([-+]?\d*),(\d+)$/, "$1.$2");
  if (text !== field.textContent) field.textContent = text;
}

function onKey(event, row, move) {
  const player = playerOf(row);
  const isShortcut = event.ctrlKey || event.metaKey || event.altKey;
  if (!player || isShortcut || isLocked(row) || !event.target.closest(".noUi-handle")) return;
  const step = STEPS[event.key];
  const place = step === undefined ? PLACES[event.key] : player.value(move) + step;
  if (place === undefined) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  player.put(move, Math.min(CAMERA.limit, Math.max(-CAMERA.limit, tenths(place))));
}

function wirePress(button) {
  let isPressing = false;
  button.addEventListener("click", async () => {
    const player = playerOf(button);
    if (button.disabled || isPressing || !player) return;
    isPressing = true;
    const done = sayLate(button, player);
    try {
      await player.press();
    } finally {
      done();
      isPressing = false;
      delete button.dataset.said;
    }
  });
}

/** The button says so when what it does has to wait for the kernel; the result ends that. */
function sayLate(button, player) {
  const late = setTimeout(() => {
    button.dataset.said = "Waiting";
    player.announce("The kernel is busy: this waits for it.");
  }, 500);
  return () => clearTimeout(late);
}

// What changes controls and only the kernel can do goes over one line with Generate, so that the order is that of the
// clicks; the button's own message would wait elsewhere when the kernel is busy.
function wireAct(node) {
  const [, name] = /rnb-act-([\w-]+)/.exec(node.className);
  const act = event => {
    const button = event.target.closest("button");
    const player = playerOf(node);
    if (!button || button.disabled || !player) return;
    event.stopImmediatePropagation();
    player.act("act", { name, value: button.textContent.trim() });
  };
  node.addEventListener("click", act, true);
}

// --- copying --------------------------------------------------------------------------------------

// A browser gives the clipboard only to the user's own gesture, so the kernel cannot do this. It is given the promise
// of a text: the kernel may be busy. A request that makes no cell gives none; the kernel says why.
function wireCopy(button) {
  whenClicked(button, async (player, cell) => {
    try {
      const blob = cell.then(text => (text ? new Blob([text], { type: "text/plain" }) : Promise.reject(NO_CELL)));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
      player.announce("Cell text copied.");
      return "Copied";
    } catch {
      const text = await cell;
      if (!text) return NO_CELL;
      offerText(button, text);
      player.announce("The clipboard is out of reach: the cell text is selected, copy it from there.");
      return "";
    }
  });
}

function wireInsert(button) {
  whenClicked(button, async (player, cell) => {
    const text = await cell;
    if (!text) return NO_CELL;
    const isDone = player.notebook?.insertBelow(button, text);
    player.announce(isDone ? "Cell inserted below." : "This view stands in no notebook: insert the cell from there.");
    return isDone ? "Inserted" : "Not here";
  });
}

/** Do something with the cell of what is shown, once at a time. */
function whenClicked(button, act) {
  let isActing = false;
  button.addEventListener("click", async () => {
    const player = playerOf(button);
    if (!player || isActing) return;
    isActing = true;
    const done = sayLate(button, player);
    try {
      button.dataset.said = await act(player, player.askCell());
    } finally {
      done();
      isActing = false;
      setTimeout(() => delete button.dataset.said, 1500);
    }
  });
}

function offerText(button, text) {
  const actions = button.closest(".rnb-actions") ?? button.parentElement;
  const field = actions.querySelector(".rnb-copy-text")
    ?? make("textarea", { className: "rnb-copy-text", readOnly: true, "aria-label": "Cell text", rows: 4 });
  field.dataset.lmSuppressShortcuts = "true";
  field.value = text;
  actions.append(field);
  field.focus();
  field.select();
}

// --- dropping a picture ---------------------------------------------------------------------------

const carriesFile = event => [...(event.dataTransfer?.types ?? [])].includes("Files");

function wireDrop(slot) {
  const over = isOver => slot.classList.toggle("rnb-over", isOver);
  slot.addEventListener("dragover", event => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    over(true);
  });
  slot.addEventListener("dragleave", event => over(slot.contains(event.relatedTarget)));
  slot.addEventListener("drop", event => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    event.stopPropagation();
    over(false);
    takeFile(slot, event.dataTransfer.files[0]);
  });
}

// A server takes no message of more than 10 MB.
const PIECE = 4e6, LARGEST = 50e6;

/** Uploads what the button's own way would lose without a word; true when it did, or said why not. */
function uploadLarge(slot, file) {
  if (!file || file.size <= PIECE) return false;
  const player = playerOf(slot);
  if (file.size > LARGEST) player?.announce(`${file.name} has ${Math.ceil(file.size / 1e6)} MB: 50 MB are the most.`);
  else player?.upload(/rnb-slot-(first|middle|last)/.exec(slot.className)?.[1], file, PIECE);
  return true;
}

function wireUpload(upload) {
  const slot = upload.closest(".rnb-slot-drop"), input = slot && !upload.disabled ? inputOf(upload) : null;
  input?.addEventListener("change", event => {
    if (uploadLarge(slot, input.files[0])) event.stopImmediatePropagation();
  }, true);
}

function takeFile(slot, file) {
  if (uploadLarge(slot, file)) return;
  const upload = slot.querySelector(".widget-upload");
  const input = upload && !upload.disabled ? inputOf(upload) : null;
  if (!input || !file) return;
  if (!file.type.startsWith("image/")) {
    playerOf(slot)?.announce(`${file.name} is no picture.`);
    return;
  }
  const files = new DataTransfer();
  files.items.add(file);
  input.files = files.files;
  input.dispatchEvent(new Event("change"));
}

// The upload button's input is in no document. The button clicks it when it is clicked itself, and in that moment,
// without giving way to anything else, the input tells which one it is.
function inputOf(upload) {
  const usual = HTMLInputElement.prototype.click;
  let found = null;
  HTMLInputElement.prototype.click = function () { found = this; };
  try {
    upload.click();
  } finally {
    HTMLInputElement.prototype.click = usual;
  }
  return found;
}
