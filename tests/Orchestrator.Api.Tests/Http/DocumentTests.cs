using System.Net;
using Orchestrator.Api.Tests.Testing;

namespace Orchestrator.Api.Tests.Http;

public sealed class DocumentTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task OpenApi_ListsEveryRoute()
    {
        string[] expected =
        [
            "get /api/v1/jobs", "post /api/v1/jobs", "post /api/v1/jobs/plan", "get /api/v1/jobs/{id}", "delete /api/v1/jobs/{id}",
            "post /api/v1/jobs/{id}/cancel", "post /api/v1/jobs/{id}/pause", "post /api/v1/jobs/{id}/resume", "post /api/v1/jobs/{id}/retry",
            "get /api/v1/jobs/{id}/shards", "get /api/v1/jobs/{id}/shards/{shard}/attempts", "get /api/v1/jobs/{id}/events",
            "get /api/v1/jobs/{id}/result", "get /api/v1/jobs/{id}/artifacts", "get /api/v1/jobs/{id}/artifacts/{path}", "get /api/v1/jobs/{id}/report",
            "get /api/v1/workers", "post /api/v1/workers/{id}/cordon", "post /api/v1/workers/{id}/uncordon", "post /api/v1/workers/{id}/drain",
            "get /api/v1/models", "get /api/v1/tenants",
            "get /api/v1/schedules", "post /api/v1/schedules", "get /api/v1/schedules/{id}", "delete /api/v1/schedules/{id}",
            "get /api/v1/webhooks", "post /api/v1/webhooks", "delete /api/v1/webhooks/{id}", "get /api/v1/webhooks/{id}/deliveries",
        ];

        var document = (await server.Client.GetJsonAsync("/openapi/v1.json")).Body;

        var listed = document.GetProperty("paths").EnumerateObject()
            .SelectMany(p => p.Value.EnumerateObject().Select(m => $"{m.Name} {p.Name}")).ToHashSet();
        Assert.Empty(expected.Except(listed));
        Assert.All(
            document.GetProperty("paths").EnumerateObject().Where(p => p.Name.StartsWith("/api/", StringComparison.Ordinal)).SelectMany(p => p.Value.EnumerateObject()),
            m => Assert.False(string.IsNullOrWhiteSpace(m.Value.GetProperty("summary").GetString())));
    }

    [Fact]
    public async Task Docs_NamesNoOtherHost()
    {
        using var page = await server.Client.GetAsync("/docs");
        var html = await page.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.DoesNotMatch("(src|href)=\"(https?:)?//", html);
    }

    [Theory]
    [InlineData("/health")]
    [InlineData("/alive")]
    [InlineData("/metrics")]
    [InlineData("/dashboard/")]
    public async Task Operations_Answer(string path) => Assert.Equal(HttpStatusCode.OK, (await server.Client.GetAsync(path)).StatusCode);
}
