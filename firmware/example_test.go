package firmware_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
	"github.com/wispwright/wispwright/firmware/firmwaretest"
	"github.com/wispwright/wispwright/kit/entity"
	"github.com/wispwright/wispwright/kit/memstore"
)

// postman is an upgrader of one's own: it needs no session, only a parcel service.
type postman struct{}

func (postman) Upgrade(ctx context.Context, t firmware.Task) error {
	image, _ := t.Image()
	if err := t.Log(ctx, "A stick with "+image.Name()+" is on its way."); err != nil {
		return err
	}
	if err := t.Flash(ctx, 65, "sent"); err != nil { // nobody can stop it any more
		return err
	}
	return t.Log(ctx, "It has arrived.")
}

// A build reaches the only device of its kind.
func Example() {
	ctx, all := context.Background(), wispwright.ScopeAll()
	memory, fleet := memstore.New(), &firmwaretest.Fleet{}
	upgraders, err := firmware.NewUpgraders(firmware.UpgraderType{Strategies: []string{connection.StrategyOpenWrt}, Label: "Post", Upgrader: postman{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, err := firmware.New(&entity.Base{Tx: memory, Tenants: entity.NoTenants{}}, firmware.NewMemory(memory), fleet, &firmware.Options{Upgraders: upgraders, Reacher: fleet})
	if err != nil {
		fmt.Println(err)
		return
	}
	acme, tower := wispwright.NewID(), wispwright.NewID()
	fleet.Add(firmware.Device{ID: tower, OrganizationID: acme, Name: "tower", Model: "COMFAST CF-E375AC"}, connection.StrategyOpenWrt)
	routers := &firmware.Category{OrganizationID: acme, Name: "Routers"}
	fmt.Println(s.Categories.Create(ctx, routers))
	build := &firmware.Build{CategoryID: routers.ID, Version: "24.10"}
	fmt.Println(s.Builds.Create(ctx, build))
	image, err := s.Images.Create(ctx, all, build.ID, firmware.File{Name: "openwrt-ath79-generic-comfast_cf-e375ac-squashfs-sysupgrade.bin", Body: strings.NewReader("an image")})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Types().Label(image.Type), image.Size, image.Metadata.Status)
	batch := &firmware.Batch{BuildID: build.ID, Firmwareless: true}
	fmt.Println(s.Batches.Launch(ctx, all, batch))
	batch, err = s.Batches.Get(ctx, all, batch.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	operations, err := s.Operations.List(ctx, all, firmware.OperationFilter{BatchID: batch.ID}, wispwright.Page{})
	fmt.Println(batch.Status, operations.Total, err)
	fmt.Println(operations.Rows[0].Log)
	// Output:
	// <nil>
	// <nil>
	// COMFAST CF-E375AC 8 unconfirmed
	// <nil>
	// success 1 <nil>
	// A stick with openwrt-ath79-generic-comfast_cf-e375ac-squashfs-sysupgrade.bin is on its way.
	// It has arrived.
}
