// Package api has the kinds of objects of the REST API and their types. All
// but this file is made from the API's OpenAPI document by internal/clientgen
// (make client), so that names are those of the document: the list
// controller_template_list at /api/v1/controller/template/ is
// ControllerTemplates, the schema ControllerTemplateIn is what is sent there.
package api
