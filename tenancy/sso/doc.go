// Package sso lets administrators in by an account elsewhere: a provider of OpenID Connect
// says which person somebody is and in which groups, and Rules say what these groups mean here. An
// account here is bound to the provider's own name of a person (issuer and subject), never
// to a user name that may be given to somebody else.
//
// The code flow with PKCE, state and nonce is used; nothing of the provider is kept but the
// name of the person. Package server mounts it.
package sso
