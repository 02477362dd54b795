package notifications_test

import (
	"fmt"

	"github.com/wispwright/wispwright/notifications"
)

// A type is a value; what people named is text in it, whatever it contains.
func ExampleRenderer() {
	types, err := notifications.NewTypes(notifications.Type{
		Name: "link_down", Level: notifications.Warning, Verb: "is down", Subject: `[{site.name}] "{notification.target}" {notification.verb}`,
		Message: "Link {port} of [{notification.target}]({notification.target_link}) {notification.verb}.",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	router := notifications.Ref{Kind: "config.device", ID: "1"}
	words, err := notifications.NewRenderer(types, notifications.Site{Name: "example.com", URL: "https://example.com"}).Render(
		&notifications.Notification{Type: "link_down", TargetKind: router.Kind, TargetID: router.ID, Verb: "is down", Data: `{"port":"eth0"}`},
		map[notifications.Ref]notifications.Object{router: {Label: "**ap** <1>", Path: "/admin/config/device/1/change/"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(words.Subject)
	fmt.Println(words.Message)
	// Output:
	// [example.com] "**ap** <1>" is down
	// <p>Link eth0 of <a href="https://example.com/admin/config/device/1/change/">**ap** &lt;1&gt;</a> is down.</p>
}
