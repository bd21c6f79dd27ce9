// Prints "N passed, N failed" from a report of Vitest's JSON reporter; exits 1 if anything failed or nothing ran.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { numPassedTests: passed, numFailedTests, numPendingTests, numTodoTests } = report;
// A file that cannot be loaded has no tests of its own to fail.
const brokenFiles = report.testResults.filter(
  (file) => file.status === "failed" && file.assertionResults.length === 0,
);
for (const file of brokenFiles) console.log(`could not run: ${file.name}`);
const failed = numFailedTests + brokenFiles.length;
const skipped = numPendingTests + numTodoTests;
if (failed > 0 || passed === 0 || !report.success) process.exitCode = 1;
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
