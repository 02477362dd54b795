// Package packaging holds what makes packages, images and manifests; there is nothing to
// import. Its tests look at all of them.
package packaging
