using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Orchestrator.Api.Tests.Testing;

/// <summary>An answer with its body read.</summary>
internal sealed record Answer(HttpStatusCode Status, JsonElement Body, HttpResponseMessage Response)
{
    public IReadOnlyList<string> ErrorPaths => [.. Body.GetProperty("errors").EnumerateArray().Select(e => e.GetProperty("path").GetString()!)];

    public string ErrorAt(string path) =>
        Body.GetProperty("errors").EnumerateArray().First(e => e.GetProperty("path").GetString() == path).GetProperty("message").GetString()!;

    public string Text(string property) => Body.GetProperty(property).GetString()!;
}

/// <summary>Short forms of requests.</summary>
internal static class Http
{
    public static async Task<Answer> SendAsync(this HttpClient client, HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        var json = response.Content.Headers.ContentType?.MediaType?.EndsWith("json", StringComparison.Ordinal) == true && text.Length > 0;
        return new(response.StatusCode, json ? JsonElement.Parse(text) : default, response);
    }

    public static Task<Answer> GetJsonAsync(this HttpClient client, string path, params (string Name, string Value)[] headers) =>
        client.SendAsync(HttpMethod.Get, path, null, headers);

    public static Task<Answer> PostJsonAsync(this HttpClient client, string path, JsonNode? document, params (string Name, string Value)[] headers) =>
        client.SendAsync(HttpMethod.Post, path, document is null ? null : JsonContent.Create(document), headers);

    public static Task<Answer> PostTextAsync(this HttpClient client, string path, string body, string type = "application/json") =>
        client.SendAsync(HttpMethod.Post, path, new StringContent(body, Encoding.UTF8, type));

    /// <summary>Submits and gives the id.</summary>
    public static async Task<string> SubmitAsync(this HttpClient client, JsonObject document)
    {
        var answer = await client.PostJsonAsync("/api/v1/jobs", document);
        Assert.True(answer.Status == HttpStatusCode.Created, $"{answer.Status}: {answer.Body}");
        return answer.Text("id");
    }
}
