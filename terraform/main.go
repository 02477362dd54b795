// Command terraform-provider-wispwright is a provider of Terraform and OpenTofu: it speaks
// their plugin protocol and is started by them.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/wispwright/wispwright/terraform/provider"
)

// build is the version, which the linker sets.
var build = "dev"

func main() {
	debug := flag.Bool("debug", false, "wait for a debugger")
	flag.Parse()
	o := providerserver.ServeOpts{Address: "registry.terraform.io/wispwright/wispwright", Debug: *debug}
	if err := providerserver.Serve(context.Background(), provider.New(build), o); err != nil {
		log.Fatal(err)
	}
}
