// Package controllerhttp puts the concern controller on the wire.
//
// Protocol is what devices speak: plain handlers under /controller/ with the
// exact bytes unmodified agents expect (spec: controller-config §10). Mount
// adds the REST API under /api/v1/controller/ and the schemas of
// configurations (§12, §13.1).
package controllerhttp
