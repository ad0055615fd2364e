/** Text as people and programs write it, without a trace of anybody: what a pattern must leave alone. Own work. */
export const ORDINARY = `
The weather was mild for the season, so we walked along the river before lunch. Could you explain how a hash table resolves collisions,
and when open addressing is better than chaining? I would like a short summary with two examples, please. The report covers the third
quarter of 2025: revenue rose by 4.2 % to 18.7 million, while costs stayed flat. Version 2.14.0 fixes 37 bugs and was built on 2025-09-30.

Please translate the following sentence into French: "The museum opens at nine and closes at six, except on Mondays." Thank you, that is
very helpful. Now make it sound a little more formal and keep it under twenty words. Remember that our style guide asks for plain words.

function total(items) {
  let sum = 0;
  for (const item of items) sum += item.price * item.quantity;
  return sum.toFixed(2);
}

SELECT name, count(*) AS visits FROM pages WHERE visited_at > '2025-01-01' GROUP BY name ORDER BY visits DESC LIMIT 10;

{"id": 4711, "status": "done", "tags": ["alpha", "beta"], "took_ms": 128, "url": "https://docs.example.com/guide/install?lang=en#linux"}

2025-11-03T08:15:42Z INFO server started on port 8080, 4 workers, commit 9f8e7d6c, cache 512 MB
Error: cannot open ./data/state.json: no such file or directory (code 2) at read (/app/src/store.js:118:17)

Der Zug kam mit zwanzig Minuten Verspätung an, deshalb haben wir den Anschluss verpasst. La biblioteca cierra a las ocho de la tarde.
Nous avons besoin d'une réponse avant la fin de la semaine. Il risultato della partita è stato di tre a uno. Het pakket wordt morgen bezorgd.
Step 1: preheat the oven to 200 degrees. Step 2: mix 250 g of flour with 3 eggs and a pinch of salt. Step 3: bake for 35 minutes.
`.trim();
