// Package admin serves Wispwright's web admin: a single-page application over the REST API, built from the TypeScript
// sources beside this file and embedded into the program.
//
// The package knows nothing of the rest of the server: the pages speak to /api/v1/ of the origin they came from, with
// the session cookie the API sets. A program built without Node.js embeds no pages; its handler says so instead.
package admin
