package openwrt

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/wispwright/wispwright/controller/connection"
	"github.com/wispwright/wispwright/firmware"
)

// fetcher is a session whose device can get a file by itself: the agent's channel.
type fetcher interface {
	// Fetch lets the device get a file of a size and a SHA-256 from a path of its
	// controller; it is there whole or not at all, and a second call goes on where the
	// first broke off. errors.ErrUnsupported: the agent is too old.
	Fetch(ctx context.Context, path string, mode fs.FileMode, size int64, sum, from string) error
}

// pull lets the device get the image by itself, if it can and there is an address
// for it. It is not done where the image has to be sent.
func (r *run) pull(ctx context.Context) (done bool, err error) {
	f, can := r.session.(fetcher)
	link := r.t.Link()
	if !can || link == "" {
		return false, nil
	}
	image, _ := r.t.Image()
	err = f.Fetch(ctx, r.path, 0o600, image.Size, image.Checksum, link)
	var lost *connection.LostError
	switch {
	case err == nil:
		return true, r.t.Log(ctx, "The device has got the image by itself.")
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.As(err, &lost): // it goes on there the next time
		return false, &firmware.RecoverableError{Cause: lost.Error()}
	case errors.Is(err, errors.ErrUnsupported):
		return false, nil
	}
	return false, r.t.Log(ctx, fmt.Sprintf("The device could not get the image by itself (%s): sending it...", err))
}
