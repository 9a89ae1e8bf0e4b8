import type { Facts } from "../../runway_nb/notebook/static/facts.js";

declare global {
  /** What Python writes in front of the joined modules. */
  const RUNWAY_FACTS: Facts;
}
