using System.Net;
using System.Text.RegularExpressions;

namespace Orchestrator.Pages.Tests.Testing;

/// <summary>Reads and posts the pages' forms as a browser does, without one: cookies are kept, redirects are not followed.</summary>
internal sealed partial class Forms : IDisposable
{
    private readonly SocketsHttpHandler handler = new() { AllowAutoRedirect = false, CookieContainer = new CookieContainer() };

    public Forms(Uri server) => Client = new HttpClient(handler) { BaseAddress = server };

    public HttpClient Client { get; }

    /// <summary>The hidden fields of a page's first form that has a token.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadAsync(string path)
    {
        var html = await Client.GetStringAsync(path);
        var fields = new Dictionary<string, string>();
        foreach (Match input in HiddenInput().Matches(html))
        {
            fields.TryAdd(Attribute(input.Value, "name"), Attribute(input.Value, "value"));
        }

        Assert.Contains("form-token", fields.Keys);
        return fields;
    }

    public Task<HttpResponseMessage> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> fields, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new FormUrlEncodedContent(fields) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return Client.SendAsync(request);
    }

    /// <summary>Signs in and gives the answer.</summary>
    public async Task<HttpResponseMessage> SignInAsync(string key, string page = "/sign-in") =>
        await PostAsync("/sign-in", new Dictionary<string, string>(await ReadAsync(page)) { ["key"] = key });

    public void Dispose()
    {
        Client.Dispose();
        handler.Dispose();
    }

    private static string Attribute(string tag, string name) => WebUtility.HtmlDecode(Regex.Match(tag, $"\\b{name}=\"([^\"]*)\"").Groups[1].Value);

    [GeneratedRegex("<input type=\"hidden\"[^>]*>")]
    private static partial Regex HiddenInput();
}
