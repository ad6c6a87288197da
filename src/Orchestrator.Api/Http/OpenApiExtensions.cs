using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Orchestrator.Api.Http;

/// <summary>The OpenAPI document and the page that shows it. Neither fetches anything from elsewhere.</summary>
internal static class OpenApiExtensions
{
    public static IServiceCollection AddApiDocument(this IServiceCollection services) => services.AddOpenApi("v1", options =>
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new()
            {
                Title = "Orchestrator",
                Version = "v1",
                Description = "Jobs over data shards: submit, watch, read results. Errors are problem documents (RFC 9457).",
            };
            document.Components ??= new();
            document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
            {
                ["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A key of Auth:Keys." },
            };
            document.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            return Task.CompletedTask;
        }));

    public static void MapApiDocument(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        app.MapScalarApiReference("/docs", options =>
        {
            options.Title = "Orchestrator API";
            options.DisableDefaultFonts().DisableTelemetry().DisableAgent().DisableMcp().HideClientButton().HideDeveloperTools();
        }).AllowAnonymous();
    }
}
