using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.DataProtection;
using Orchestrator.Api.Http;

namespace Orchestrator.Api.Pages;

/// <summary>The pages for people: registration and the list of their routes.</summary>
internal static class PageExtensions
{
    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddRazorComponents();
        services.AddAntiforgery(options =>
        {
            options.FormFieldName = "form-token";
            options.Cookie.Name = "orchestrator-form";
            options.Cookie.SameSite = SameSiteMode.Strict;
            options.SuppressXFrameOptionsHeader = true;
        });

        // The tokens of forms need to live no longer than the process, and a server should not write into anyone's home folder.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddExceptionHandler<PageFaultHandler>();
        services.AddSingleton<JobPageReader>();
        return services;
    }

    public static void MapPages(this WebApplication app)
    {
        PageAssets.Map(app);
        app.MapGet("/", () => SignInEndpoints.SeeOther("/jobs")).AllowAnonymous().ExcludeFromDescription();
        var pages = app.MapGroup("").WithMetadata(PageMetadata.Instance, new RequireAntiforgeryTokenAttribute()).ExcludeFromDescription();
        pages.AddEndpointFilter(RefuseStaleFormAsync);
        SignInEndpoints.Map(pages);
        JobPages.Map(pages);
        WorkerPages.Map(pages);
        SubmitPages.Map(pages);
        LiveEndpoints.Map(app);
    }

    /// <summary>Every post of a page carries the token of the form it came from.</summary>
    private static async ValueTask<object?> RefuseStaleFormAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next) =>
        invocation.HttpContext.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: false }
            ? MessagePage.Of(Problems.Refused(StatusCodes.Status400BadRequest, "The form is out of date, for example because the server was restarted. Go back, load the page again, and repeat."))
            : await next(invocation);
}
