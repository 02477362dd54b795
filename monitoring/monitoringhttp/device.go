package monitoringhttp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/controller"
	"github.com/wispwright/wispwright/controller/protocol"
	"github.com/wispwright/wispwright/kit/rest"
	"github.com/wispwright/wispwright/monitoring"
	"github.com/wispwright/wispwright/monitoring/spool"
	"github.com/wispwright/wispwright/monitoring/timeseries"
	"github.com/wispwright/wispwright/netjsonconfig/ordered"
)

// deviceKind is the model that readers of charts need a permission of.
const deviceKind = "config.device"

// Statuses of a device that nobody assesses.
const (
	statusUnknown     = "unknown"
	statusDeactivated = "deactivated"
)

// deviceOut is a device with what is measured of it.
type deviceOut struct {
	ID           wispwright.ID            `json:"id"`
	Name         string                   `json:"name"`
	Organization wispwright.ID            `json:"organization"`
	Group        wispwright.ID            `json:"group"`
	MACAddress   string                   `json:"mac_address"`
	Key          string                   `json:"key"`
	LastIP       *string                  `json:"last_ip"`
	ManagementIP *string                  `json:"management_ip"`
	Model        string                   `json:"model"`
	OS           string                   `json:"os"`
	System       string                   `json:"system"`
	Notes        string                   `json:"notes"`
	Config       *configOut               `json:"config"`
	Monitoring   monitoringOut            `json:"monitoring"`
	Created      rest.Time                `json:"created"`
	Modified     rest.Time                `json:"modified"`
	Charts       []monitoring.ChartAnswer `json:"charts"`
	X            []string                 `json:"x,omitempty"`
}

// deviceDataOut is a device with its last document.
type deviceDataOut struct {
	deviceOut
	Data     wispwright.JSON `json:"data"`
	DataTime *rest.Time      `json:"data_timestamp" help:"when the document was made"`
}

type configOut struct {
	Status      string `json:"status"`
	ErrorReason string `json:"error_reason"`
	Backend     string `json:"backend"`
}

type monitoringOut struct {
	Status  string      `json:"status"`
	Metrics []metricOut `json:"related_metrics"`
}

type metricOut struct {
	Name      string `json:"name"`
	IsHealthy *bool  `json:"is_healthy"`
}

func (h *HTTP) mountDevice(api *rest.API) {
	api.Mount(&rest.View{
		Path: Base + "device/{pk:text}/", Name: "Device Metric", Tag: tag, Access: rest.Everyone, BodyLimit: h.o.DocumentLimit,
		Description: "Charts of a device, for callers that may see it and for the device itself (key); the device posts what it measured.",
	},
		rest.Documented[rest.None, deviceOut](http.StatusOK, rest.Op{
			Method: http.MethodGet, ID: "device_monitoring_read", Summary: "A device with its charts, and with its last document (status)", Handle: h.read,
			Doc: timeDoc(map[string]string{"key": "the key of the device, in place of other credentials", "status": "anything: with the last document"}),
		}),
		rest.Op{
			Method: http.MethodPost, ID: "device_monitoring_create", Summary: "Take a NetJSON DeviceMonitoring document in", Handle: h.collect, Also: []int{http.StatusUnsupportedMediaType},
			Doc: rest.Doc{
				Query: map[string]string{
					"key": "the key of the device", "time": "when the document was made, as 22-11-2024_10:00:00.000000 in UTC; now without it",
					"current": "true: it is the latest of the device",
				},
				Answers: map[int]rest.DocAnswer{http.StatusOK: {Description: "It is stored."}},
			},
		})
}

// device reads the device's id of the path; another spelling than a UUID's is not found.
func deviceID(r *rest.Request) (wispwright.ID, error) {
	id, err := wispwright.ParseID(r.Text("pk"))
	if err != nil {
		return id, rest.Fail(http.StatusNotFound, "not found")
	}
	return id, nil
}

// refused is the answer to a key that is missing or wrong.
func refused(r *rest.Request) error {
	if r.Caller == nil {
		return rest.Fail(http.StatusForbidden, "Authentication credentials were not provided.")
	}
	return rest.Fail(http.StatusForbidden, "You do not have permission to perform this action.")
}

// collect takes a document in (spec: monitoring §7). The answer is 400 only for documents
// that no later attempt can make acceptable, as devices throw them away then.
func (h *HTTP) collect(r *rest.Request) (int, any, error) {
	r.ResponseHeader().Set("X-Openwisp-Controller", "true") // agents know their server by it
	id, err := deviceID(r)
	if err != nil {
		return 0, nil, err
	}
	who, err := h.agents.Identify(r.Context(), protocol.Credentials{ID: id, Key: r.Query().Get("key"), Peer: peer(r)})
	var missing *protocol.MissingParameterError
	switch {
	case errors.As(err, &missing), errors.Is(err, protocol.ErrWrongKey):
		return 0, nil, refused(r)
	case err != nil:
		return 0, nil, err
	case who.IsDeactivated:
		return 0, nil, wispwright.ErrNotFound
	}
	body, err := document(r)
	if err != nil {
		return 0, nil, err
	}
	d := &monitoring.Device{ID: who.DeviceID, OrganizationID: who.OrganizationID, Name: who.Name}
	if h.o.Places != nil {
		if d.LocationID, d.FloorplanID, err = h.o.Places(r.Context(), id); err != nil {
			return 0, nil, err
		}
	}
	sample := monitoring.Sample{Device: d, Body: body, Current: r.Query().Get("current") == "true"}
	if r.Query().Has("time") {
		if sample.Time, err = documentTime(r.Query().Get("time")); err != nil {
			if _, invalid := h.m.Collector.Read(body); invalid != nil { // what is told first
				return 0, nil, documentError(invalid)
			}
			return 0, nil, rest.Fail(http.StatusBadRequest, "Incorrect time format")
		}
	}
	if err := h.m.Collector.Collect(r.Context(), sample); err != nil {
		return 0, nil, documentError(err)
	}
	return http.StatusOK, rest.Raw{}, nil
}

// peer is where the request comes from.
func peer(r *rest.Request) netip.Addr {
	a, err := netip.ParseAddr(r.Address())
	if err != nil {
		return netip.Addr{}
	}
	return a
}

// documentTime reads the time of a document, whose fraction has one to six digits.
func documentTime(text string) (time.Time, error) {
	whole, fraction, ok := strings.Cut(text, ".")
	at, err := time.Parse("2-1-2006_15:4:5", whole)
	n, err2 := strconv.ParseUint(fraction, 10, 32)
	if !ok || err != nil || err2 != nil || len(fraction) > 6 || at.Year() < 1970 {
		return at, errors.New("incorrect time format")
	}
	for range 6 - len(fraction) {
		n *= 10
	}
	return at.Add(time.Duration(n) * time.Microsecond), nil
}

// document reads the body.
func document(r *rest.Request) ([]byte, error) {
	media, _, err := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type"))
	if err != nil {
		media = r.HTTP.Header.Get("Content-Type")
	}
	switch media {
	case "application/json":
	case "application/x-www-form-urlencoded", "multipart/form-data": // there is no document in a form
		return nil, nil
	case "":
		if r.HTTP.ContentLength == 0 {
			return nil, nil
		}
		fallthrough
	default:
		return nil, rest.Fail(http.StatusUnsupportedMediaType, `Unsupported media type "`+media+`" in request.`)
	}
	body, err := io.ReadAll(r.HTTP.Body)
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) { // which it will be next time too
		return nil, rest.Fail(http.StatusBadRequest, "The document is larger than "+strconv.FormatInt(tooLarge.Limit, 10)+" bytes.")
	}
	if err != nil {
		return nil, rest.Fail(http.StatusServiceUnavailable, "The document did not arrive completely.")
	}
	return body, nil
}

// documentError is the answer to a document that cannot be stored.
func documentError(err error) error {
	var syntax *ordered.SyntaxError
	var invalid *monitoring.InvalidDocumentError
	switch {
	case errors.As(err, &invalid):
		return &rest.Failure{Status: http.StatusBadRequest, Body: invalid.Error()}
	case errors.As(err, &syntax):
		return rest.Fail(http.StatusBadRequest, "JSON parse error - "+syntax.Error())
	case errors.Is(err, monitoring.ErrAway), errors.Is(err, spool.ErrFull):
		return rest.Fail(http.StatusServiceUnavailable, "The document cannot be stored at present; send it again.")
	}
	return err
}

// read answers with the charts of a device (spec: monitoring §11.1).
func (h *HTTP) read(r *rest.Request) (int, any, error) {
	id, err := deviceID(r)
	if err != nil {
		return 0, nil, err
	}
	d, err := h.visible(r, id)
	if err != nil {
		return 0, nil, err
	}
	span, err := h.period(r)
	if err != nil {
		return 0, nil, err
	}
	of := timeseries.Object{Type: monitoring.DeviceType, ID: d.Device.ID.String()}
	answer, err := h.m.Charts.Read(r.Context(), monitoring.Selection{Object: of}, span)
	if err != nil {
		return 0, nil, err
	}
	if r.Query().Get("csv") != "" {
		return http.StatusOK, csv(r, answer), nil
	}
	metrics, err := h.m.MetricsOf(r.Context(), wispwright.ScopeAll(), monitoring.MetricFilter{ContentType: of.Type, ObjectID: of.ID})
	if err != nil {
		return 0, nil, err
	}
	statuses, err := h.statuses(r.Context(), d)
	if err != nil {
		return 0, nil, err
	}
	out := newDeviceOut(d, statuses)
	for _, m := range metrics {
		out.Monitoring.Metrics = append(out.Monitoring.Metrics, metricOut{m.Name, m.IsHealthy})
	}
	out.Charts, out.X = answer.Charts, answer.X
	if r.Query().Get("status") == "" {
		return http.StatusOK, out, nil
	}
	doc, err := h.m.Document(r.Context(), d.Device.ID)
	if errors.Is(err, wispwright.ErrNotFound) {
		return http.StatusOK, deviceDataOut{deviceOut: out}, nil
	}
	if err != nil {
		return 0, nil, err
	}
	at := rest.Time(doc.Time)
	return http.StatusOK, deviceDataOut{out, wispwright.JSON(doc.Body), &at}, nil
}

// visible returns a device that the caller may see: the device itself by its key, or who has
// the permission and manages its organization.
func (h *HTTP) visible(r *rest.Request, id wispwright.ID) (*controller.Detail, error) {
	key := r.Query().Get("key")
	if key == "" && r.Caller == nil {
		return nil, rest.Unauthenticated("Authentication credentials were not provided.")
	}
	d, err := h.devices.Get(r.Context(), wispwright.ScopeAll(), id)
	if err != nil {
		return nil, err
	}
	active, err := h.organizations.Active(r.Context(), d.Device.OrganizationID)
	if err != nil {
		return nil, err
	}
	if !active {
		return nil, wispwright.ErrNotFound
	}
	if key != "" {
		if !d.Device.Key.Equal(key) {
			return nil, refused(r)
		}
		return d, nil
	}
	if err := mayView(r, d.Device.OrganizationID); err != nil {
		return nil, err
	}
	return d, nil
}

// mayView reports whether the caller may see devices of an organization.
func mayView(r *rest.Request, organization wispwright.ID) error {
	if !r.Caller.Superuser && !r.ReadScope().Allows(organization) {
		return wispwright.Forbidden("User is not a manager of the organization to which the requested resource belongs.")
	}
	if !r.Can("config.view_device") && !r.Can("config.change_device") {
		return wispwright.ErrForbidden
	}
	return nil
}

func newDeviceOut(d *controller.Detail, statuses map[wispwright.ID]string) deviceOut {
	v := d.Device
	address := func(a netip.Addr) *string {
		if !a.IsValid() {
			return nil
		}
		s := a.String()
		return &s
	}
	out := deviceOut{ID: v.ID, Name: v.Name, Organization: v.OrganizationID, Group: v.GroupID, MACAddress: v.MACAddress, Key: v.Key.Reveal(),
		LastIP: address(v.LastIP), ManagementIP: address(v.ManagementIP), Model: v.Model, OS: v.OS, System: v.System, Notes: v.Notes,
		Monitoring: monitoringOut{statusOf(v, statuses), []metricOut{}}, Created: rest.Time(v.Created), Modified: rest.Time(v.Modified), Charts: []monitoring.ChartAnswer{}}
	if c := d.Config; c != nil {
		out.Config = &configOut{string(c.Status), c.ErrorReason, c.Backend}
	}
	return out
}

// statuses returns how devices are.
func (h *HTTP) statuses(ctx context.Context, devices ...*controller.Detail) (map[wispwright.ID]string, error) {
	if h.o.Statuses == nil {
		return map[wispwright.ID]string{}, nil
	}
	ids := make([]wispwright.ID, len(devices))
	for i, d := range devices {
		ids[i] = d.Device.ID
	}
	return h.o.Statuses(ctx, ids...)
}

func statusOf(d *controller.Device, statuses map[wispwright.ID]string) string {
	if d.IsDeactivated {
		return statusDeactivated
	}
	return cmp.Or(statuses[d.ID], statusUnknown)
}
