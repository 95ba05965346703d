// Defines <lookalike-panel>. The script's own address says which server answers.
import { LookalikePanel } from "./element.js";

const script = document.currentScript;
LookalikePanel.home = {
  api: script?.src ? new URL(".", script.src).href : location.origin,
  key: script?.dataset.key,
};
if (!customElements.get("lookalike-panel")) customElements.define("lookalike-panel", LookalikePanel);
