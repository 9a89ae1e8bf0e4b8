// What Python writes in front of the joined modules; test_javascript.py hands it over. Import this before a module.
const { RUNWAY_FACTS } = process.env;
if (!RUNWAY_FACTS) throw new Error("run these tests with: python -m pytest tests/js");
Reflect.set(globalThis, "RUNWAY_FACTS", JSON.parse(RUNWAY_FACTS));
