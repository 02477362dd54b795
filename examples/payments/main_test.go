package main

import (
	"context"
	"fmt"
	"html"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/radius"
	"github.com/wispwright/wispwright/server"
	"github.com/wispwright/wispwright/tenancy"
)

func Example() {
	if err := demonstrate(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// log in: Status - acme
	// plans: One day 3.00 EUR, One week 12.50 EUR
	// a plan that is not sold: /acme/plan
	// buy: leads to the bank
	// before anything was paid: The payment is under way - acme, group acme-users
	// the bank refuses: The payment failed - acme, group acme-users
	// buy again and pay: Status - acme, group acme-day
	// somebody else's payment: 404
	// paid, and never came back: 200, group acme-week
	// a notice of nothing: 404
}

var heading = regexp.MustCompile(`<title>([^<]*)</title>`)

// visitor is somebody with a browser.
type visitor struct {
	http.Client
	site string
	page string
}

func (v *visitor) take(a *http.Response, err error) (title string) {
	if err != nil {
		return err.Error()
	}
	defer a.Body.Close()
	var b strings.Builder
	if err := a.Write(&b); err != nil {
		return err.Error()
	}
	v.page = b.String()
	if m := heading.FindStringSubmatch(v.page); m != nil && a.StatusCode < 400 {
		return html.UnescapeString(m[1])
	}
	return fmt.Sprint(a.StatusCode)
}

func (v *visitor) get(path string) string { return v.take(v.Get(v.site + path)) }

func (v *visitor) post(path string, fields ...string) string {
	q := url.Values{"form": {html.UnescapeString(regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(v.page)[1])}}
	for i := 0; i+1 < len(fields); i += 2 {
		q.Set(fields[i], fields[i+1])
	}
	return v.take(v.PostForm(v.site+path, q))
}

// demonstrate makes an installation, and sells to somebody.
func demonstrate(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "payments")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := newBank()
	counter := httptest.NewServer(b)
	defer counter.Close()
	b.at = counter.URL
	all := concerns(counter.URL, b.key)
	config, err := server.LoadConfig("", []string{"WISPWRIGHT_DATA=" + dir}, all)
	if err != nil {
		return err
	}
	db, err := server.Open(ctx, config, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := server.Migrate(ctx, db, all); err != nil {
		return err
	}
	s, err := server.New(ctx, db, &server.Options{Config: config, Concerns: all, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	network, _ := server.Find[*server.RadiusConcern](all)
	acme, ann, err := people(ctx, s, network)
	if err != nil {
		return err
	}
	site := httptest.NewServer(s)
	defer site.Close()
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	buy(ctx, b, &visitor{Client: http.Client{Jar: jar}, site: site.URL}, func() string {
		m, err := network.Memberships.Of(ctx, ann, acme)
		if err != nil {
			return err.Error()
		}
		return m.GroupName
	})
	return s.Stop(ctx)
}

// people makes an organization whose page sells, its groups, and somebody.
func people(ctx context.Context, s *server.Server, network *server.RadiusConcern) (organization, user wispwright.ID, err error) {
	acme := &tenancy.Organization{Name: "acme", Slug: "acme", IsActive: true}
	if err := s.Tenancy().Organizations.Create(ctx, acme); err != nil {
		return organization, user, err
	}
	for _, name := range []string{"day", "week"} {
		if err := network.Groups.Create(ctx, &radius.Group{OrganizationID: acme.ID, Name: name}); err != nil {
			return organization, user, err
		}
	}
	ann := &tenancy.User{ID: wispwright.NewID(), Username: "ann", IsActive: true}
	if err := s.Tenancy().Users.Create(ctx, ann, "a-Passw0rd"); err != nil {
		return organization, user, err
	}
	if err := s.Tenancy().Memberships.Create(ctx, &tenancy.Membership{UserID: ann.ID, OrganizationID: acme.ID}); err != nil {
		return organization, user, err
	}
	_, _, err = network.LoginPages.Import(ctx, wispwright.ScopeAll(), acme.ID, "", []byte("settings: {subscriptions: true}\n"))
	return acme.ID, ann.ID, err
}

// buy goes to the counter, in all the ways that people do.
func buy(ctx context.Context, b *bank, v *visitor, group func() string) {
	v.get("/acme/login")
	fmt.Println("log in:", v.post("/acme/login", "username", "ann", "password", "a-Passw0rd"))
	v.get("/acme/plan")
	var offered []string
	for _, m := range regexp.MustCompile(`<h2>([^<]+)</h2>(?s:.*?)<bdi>([^<]+)</bdi>`).FindAllStringSubmatch(v.page, -1) {
		offered = append(offered, m[1]+" "+m[2])
	}
	fmt.Println("plans:", strings.Join(offered, ", "))

	follow := v.CheckRedirect
	v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.post("/acme/plan", "plan", "nothing")
	fmt.Println("a plan that is not sold:", location(v.page))
	v.CheckRedirect = follow
	v.get("/acme/plan")
	v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.post("/acme/plan", "plan", "day")
	at := location(v.page)
	if strings.HasPrefix(at, b.at+"/pay/") {
		fmt.Println("buy: leads to the bank")
	}
	v.CheckRedirect = follow
	fmt.Println("before anything was paid:", v.get("/acme/payment/p1")+", group", group())
	fmt.Println("the bank refuses:", v.take(v.PostForm(at, url.Values{"state": {"refused"}}))+", group", group())
	v.get("/acme/plan")
	v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	v.post("/acme/plan", "plan", "day")
	at = location(v.page)
	v.CheckRedirect = follow
	fmt.Println("buy again and pay:", v.take(v.PostForm(at, url.Values{"state": {"paid"}}))+", group", group())

	stranger := strings.Fields(b.taken["p1"].Reference)
	stranger[1] = wispwright.NewID().String()
	b.taken["p9"] = &order{ID: "p9", Amount: "3.00", Currency: currency, Reference: strings.Join(stranger, " "), State: "paid"}
	fmt.Println("somebody else's payment:", v.get("/acme/payment/p9"))
	mine := strings.Fields(b.taken["p1"].Reference)
	b.taken["p10"] = &order{ID: "p10", Amount: "12.50", Currency: currency, Reference: strings.Join([]string{mine[0], mine[1], "week"}, " "), State: "paid"}
	fmt.Println("paid, and never came back:", notice(ctx, v, "p10")+", group", group())
	fmt.Println("a notice of nothing:", notice(ctx, v, "p77"))
}

func location(answer string) string {
	for _, line := range strings.Split(answer, "\r\n") {
		if at, ok := strings.CutPrefix(line, "Location: "); ok {
			return at
		}
	}
	return "nowhere"
}

func notice(ctx context.Context, v *visitor, payment string) string {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, v.site+"/till/"+payment, nil)
	if err != nil {
		return err.Error()
	}
	a, err := http.DefaultClient.Do(q)
	if err != nil {
		return err.Error()
	}
	defer a.Body.Close()
	return fmt.Sprint(a.StatusCode)
}
