package rest

import (
	"maps"
	"slices"
	"strings"
)

// swagger turns the OpenAPI 3.1 document into Swagger 2.0 for clients that
// were generated from that (rest-conventions §12).
func swagger(doc map[string]any) map[string]any {
	schemas, _ := dig(doc, "components", "schemas").(map[string]any)
	definitions := map[string]any{}
	for name, s := range schemas {
		definitions[name] = oldSchema(s)
	}
	paths := map[string]any{}
	all, _ := doc["paths"].(map[string]any)
	for path, item := range all {
		operations := map[string]any{}
		methods, _ := item.(map[string]any)
		for method, op := range methods {
			if o, ok := op.(map[string]any); ok {
				operations[method] = oldOperation(o, path)
			}
		}
		paths[path] = operations
	}
	return map[string]any{
		"swagger": "2.0", "info": doc["info"], "basePath": "/", "paths": paths, "definitions": definitions,
		"consumes": []any{"application/json"}, "produces": []any{"application/json"},
		"securityDefinitions": map[string]any{"Bearer": map[string]any{"type": "apiKey", "in": "header", "name": "Authorization"}},
		"security":            []any{map[string]any{"Bearer": []any{}}},
	}
}

func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func oldOperation(op map[string]any, path string) map[string]any {
	out := map[string]any{"tags": []any{"api"}, "parameters": []any{}}
	for _, k := range []string{"operationId", "summary", "description", "security"} {
		if v, ok := op[k]; ok {
			out[k] = v
		}
	}
	// generated clients know operations as "api_v1_<module>_<entity>_<action>"
	if id, _ := op["operationId"].(string); strings.HasPrefix(path, "/api/v1/") {
		out["operationId"] = "api_v1_" + strings.TrimPrefix(id, "api_v1_")
	}
	parameters, _ := op["parameters"].([]any)
	var olds []any
	for _, p := range parameters {
		olds = append(olds, oldParameter(p))
	}
	if body := dig(op, "requestBody", "content", "application/json", "schema"); body != nil {
		olds = append(olds, map[string]any{"name": "data", "in": "body", "required": true, "schema": oldSchema(body)})
	} else if form := dig(op, "requestBody", "content", "multipart/form-data", "schema"); form != nil {
		out["consumes"] = []any{"multipart/form-data"}
	}
	if olds != nil {
		out["parameters"] = olds
	}
	responses := map[string]any{}
	all, _ := op["responses"].(map[string]any)
	for status, r := range all {
		old := map[string]any{"description": dig(r, "description")}
		if content, _ := dig(r, "content").(map[string]any); len(content) > 0 {
			kind := slices.Sorted(maps.Keys(content))[0]
			old["schema"] = oldSchema(dig(content[kind], "schema"))
			if kind != "application/json" {
				out["produces"] = []any{kind}
			}
		}
		responses[status] = old
	}
	out["responses"] = responses
	return out
}

func oldParameter(p any) any {
	m, ok := p.(map[string]any)
	if !ok {
		return p
	}
	old := map[string]any{"name": m["name"], "in": m["in"], "required": m["required"] == true}
	if d, ok := m["description"]; ok {
		old["description"] = d
	}
	if schema, ok := oldSchema(m["schema"]).(map[string]any); ok {
		maps.Copy(old, schema)
	}
	if old["type"] == nil {
		old["type"] = "string"
	}
	return old
}

// oldSchema rewrites what Swagger 2.0 cannot say: lists of types, null, oneOf.
func oldSchema(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = oldSchema(v[i])
		}
		return out
	case map[string]any:
		out := map[string]any{}
		for k, value := range v {
			switch k {
			case "$ref":
				ref, _ := value.(string)
				out[k] = strings.Replace(ref, "#/components/schemas/", "#/definitions/", 1)
			case "type":
				types, many := value.([]any)
				if !many {
					out[k] = value
					continue
				}
				for _, t := range types {
					if t == "null" {
						out["x-nullable"] = true
					} else {
						out[k] = t
					}
				}
			case "oneOf":
				options, _ := value.([]any)
				for _, o := range options {
					if dig(o, "type") == "null" {
						out["x-nullable"] = true
					} else if ref, ok := oldSchema(o).(map[string]any); ok {
						out["allOf"] = []any{ref}
					}
				}
			case "writeOnly", "examples", "contentEncoding":
			case "properties":
				properties, _ := value.(map[string]any)
				old := map[string]any{}
				for name, p := range properties {
					old[name] = oldSchema(p)
				}
				out[k] = old
			default:
				out[k] = oldSchema(value)
			}
		}
		return out
	}
	return v
}
