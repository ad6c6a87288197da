using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Orchestrator.Api.Pages;

/// <summary>A component rendered as a whole page, with the headers of pages.</summary>
internal sealed class PageResult<TComponent>(object parameters, int status = StatusCodes.Status200OK) : IResult
    where TComponent : IComponent
{
    public async Task ExecuteAsync(HttpContext context)
    {
        PageHeaders.Set(context.Response);
        await new RazorComponentResult<TComponent>(parameters) { StatusCode = status, PreventStreamingRendering = true }.ExecuteAsync(context);

        // Writing a form's token sets a cache header of its own, and a frame header that is weaker.
        if (!context.Response.HasStarted)
        {
            PageHeaders.Set(context.Response);
        }
    }
}
