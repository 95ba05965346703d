import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { later } from "../src/tuning.js";

test("changes act once some time after the last one, or at once if they are sent", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const form = new EventTarget();
  const end = new AbortController();
  let acted = 0;
  const now = later(form, () => { acted += 1; }, end.signal);
  const change = () => form.dispatchEvent(new Event("input"));
  change();
  change();
  assert.equal(acted, 0);
  mock.timers.tick(1_000);
  assert.equal(acted, 1);
  change();
  now();
  assert.equal(acted, 2);
  mock.timers.tick(1_000);
  assert.equal(acted, 2);
  change();
  end.abort();
  mock.timers.tick(1_000);
  assert.equal(acted, 2);
  mock.timers.reset();
});
