import { duckdbStore } from "./storage/duckdb_store.ts";
import { queryFiles } from "./storage/query.ts";
import { aSpan } from "./storage/store_contract.ts";
import { mkdtempSync, rmSync } from "node:fs";
const dataDir = mkdtempSync("/tmp/spangate-probe-");
const store = await duckdbStore({dataDir, onRefused(){}, onError: console.log});
let t = performance.now();
for (let i=1;i<=1000;i++) { await store.append({spans:[aSpan()], through:i}); const t0=performance.now(); await store.flush(); if (i===1||i%200===0) { const f=performance.now()-t0; const t1=performance.now(); await store.query("select count(*) from spans"); const t2=performance.now(); await queryFiles({dataDir, files:store.files(), statement:"select count(*) from spans", parameters:[], maxRows:10, maxBytes:1e6}); console.log(i, "flush", Math.round(f), "query", Math.round(t2-t1), "queryFiles", Math.round(performance.now()-t2), "rss", Math.round(process.memoryUsage.rss()/2**20)); } }
await store[Symbol.asyncDispose](); t=performance.now();
const again = await duckdbStore({dataDir, onRefused(){}, onError: console.log}); console.log("open", Math.round(performance.now()-t)); await again[Symbol.asyncDispose]();
rmSync(dataDir,{recursive:true});
