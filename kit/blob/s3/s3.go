// Package s3 opens buckets of Amazon S3 and of what speaks like it: Garage, Ceph,
// SeaweedFS, MinIO and most providers of storage.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	api "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	"gocloud.dev/blob/s3blob"

	"github.com/wispwright/wispwright"
	"github.com/wispwright/wispwright/kit/blob"
	"github.com/wispwright/wispwright/kit/blob/bucket"
)

// Place is where files lie, as in s3://BUCKET/FOLDER?region=R&endpoint=https://HOST.
// Make it with Parse.
type Place struct {
	// Bucket and Folder: the folder is empty or ends with a slash.
	Bucket, Folder string
	// Region is the name of a region. Default: us-east-1, which providers without
	// regions take.
	Region string
	// Endpoint is the address of a provider other than Amazon.
	Endpoint string
	// PathStyle puts the bucket into the path of requests, not into their host. It
	// is the default with an endpoint.
	PathStyle bool
}

// Parse reads an address. Unknown parameters are errors, since nobody would see
// that they do nothing.
func Parse(address string) (*Place, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Opaque != "" {
		return nil, errors.New("want an address such as s3://BUCKET/FOLDER?region=REGION&endpoint=https://HOST")
	}
	if u.User != nil {
		return nil, errors.New("keys do not belong into the address, which is shown and logged")
	}
	p := &Place{Bucket: u.Host, Region: "us-east-1"}
	if folder := strings.Trim(u.Path, "/"); folder != "" {
		if err := blob.CheckName(folder); err != nil {
			return nil, fmt.Errorf("%q is no name of a folder", folder)
		}
		p.Folder = folder + "/"
	}
	q := u.Query()
	for key, values := range q {
		value := values[len(values)-1]
		switch key {
		case "region":
			p.Region = value
		case "endpoint":
			e, err := url.Parse(value)
			if err != nil || e.Scheme != "http" && e.Scheme != "https" || e.Host == "" || e.User != nil || e.RawQuery != "" {
				return nil, errors.New("endpoint: want an address such as https://storage.example.org")
			}
			p.Endpoint, p.PathStyle = value, p.PathStyle || !q.Has("path_style")
		case "path_style":
			if p.PathStyle, err = strconv.ParseBool(value); err != nil {
				return nil, errors.New("path_style: want true or false")
			}
		default:
			return nil, fmt.Errorf("%q is no parameter: there are region, endpoint and path_style", key)
		}
	}
	if p.Region == "" {
		return nil, errors.New("region: want a name, such as eu-central-1")
	}
	return p, nil
}

// Keys are what a caller shows to the provider.
type Keys struct {
	// ID names the keys, Secret signs. Both empty: those of the environment, of the
	// user's files or of the machine, as programs of Amazon look for them.
	ID     string
	Secret wispwright.Secret
}

// Open returns the files in a folder of a place. Nothing is asked of the provider
// yet. A nil client is one with the usual time limits.
func Open(ctx context.Context, p *Place, keys Keys, folder string, client *http.Client) (*bucket.Store, error) {
	if folder != "" && !strings.HasSuffix(folder, "/") {
		folder += "/"
	}
	options := []func(*config.LoadOptions) error{
		config.WithRegion(p.Region),
		// sums that were added to S3 later, which others answer with errors
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	}
	if client != nil {
		options = append(options, config.WithHTTPClient(client))
	} else { // one that does not answer must not hold its callers for ever
		options = append(options, config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = time.Minute })))
	}
	if keys.ID != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(keys.ID, keys.Secret.Reveal(), "")))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	b, err := s3blob.OpenBucket(ctx, api.NewFromConfig(c, func(o *api.Options) {
		o.UsePathStyle = p.PathStyle
		if p.Endpoint != "" {
			o.BaseEndpoint = &p.Endpoint
		}
		o.APIOptions = append(o.APIOptions, givingUp)
	}), p.Bucket, &s3blob.Options{RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired})
	if err != nil {
		return nil, fmt.Errorf("s3: %w", err)
	}
	return bucket.New(b, p.Folder+folder), nil
}

// givingUp lets an upload be given up after its context has ended, which is usually
// why: parts that are left lying at a provider cost money.
func givingUp(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("GivingUp", func(
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if _, gives := in.Parameters.(*api.AbortMultipartUploadInput); gives {
			own, stop := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
			defer stop()
			ctx = own
		}
		return next.HandleInitialize(ctx, in)
	}), middleware.Before)
}
