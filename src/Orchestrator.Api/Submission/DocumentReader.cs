using System.Text.Json;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.HttpResults;
using Orchestrator.Api.Http;

namespace Orchestrator.Api.Submission;

/// <summary>A body that is JSON, or the problem that it is not. The document must be disposed.</summary>
internal sealed record PostedDocument(JsonDocument? Json, ProblemHttpResult? Problem);

/// <summary>Reads a posted document: bounded, valid UTF-8, no property twice, every string well-formed.</summary>
internal static class DocumentReader
{
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static async Task<PostedDocument> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType())
        {
            return new(null, Problems.NotJson(request.ContentType));
        }

        if (request.ContentLength > maxBytes || await ReadBytesAsync(request.Body, maxBytes, cancellationToken) is not { } bytes)
        {
            return new(null, Problems.TooLarge(maxBytes));
        }

        return Parse(bytes);
    }

    /// <summary>Reads bytes that came in another way than as a body.</summary>
    public static PostedDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            return new(null, Problems.Malformed("The body is not valid UTF-8."));
        }

        JsonDocument? json = null;
        try
        {
            json = JsonDocument.Parse(bytes.Span.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes, Options);
            TouchStrings(json.RootElement);
            return new(json, null);
        }
        catch (JsonException e)
        {
            return new(null, Problems.Malformed($"The body is not JSON: {e.Message}"));
        }
        catch (InvalidOperationException)
        {
            json?.Dispose();
            return new(null, Problems.Malformed(@"A string holds half of a surrogate pair (\ud800 to \udfff), which is no character."));
        }
    }

    /// <summary>The parser looks into escapes only when a string is asked for; asking now keeps that error out of later code.</summary>
    private static void TouchStrings(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    TouchStrings(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    _ = property.Name;
                    TouchStrings(property.Value);
                }

                break;
        }
    }

    private static async Task<byte[]?> ReadBytesAsync(Stream body, int maxBytes, CancellationToken cancellationToken)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[16 * 1024];
        int read;
        while ((read = await body.ReadAsync(chunk, cancellationToken)) > 0)
        {
            if (buffer.Length + read > maxBytes)
            {
                return null;
            }

            buffer.Write(chunk, 0, read);
        }

        return buffer.ToArray();
    }
}
