using System.CommandLine;
using Orchestrator.Samples.TextGenerator;

var file = new Option<string>("--out") { Description = "File to write (JSON lines).", Required = true };
var seed = new Option<ulong>("--seed") { Description = "Any number.", DefaultValueFactory = _ => 1 };

var count = new Option<int>("--count") { Description = "Number of conversations.", DefaultValueFactory = _ => 1_000 };
var conversations = new Command("conversations", "Writes conversations with answers, none of which is held out.") { file, count, seed };
conversations.SetAction((parsed, cancellationToken) => ConversationWriter.WriteAsync(
    parsed.GetRequiredValue(file), parsed.GetValue(count), parsed.GetValue(seed), cancellationToken));

var perKind = new Option<int>("--per-kind") { Description = "Questions of each of the six kinds.", DefaultValueFactory = _ => 40 };
var questions = new Command("questions", "Writes held-out questions in Spec-Bench's form.") { file, perKind, seed };
questions.SetAction((parsed, cancellationToken) => QuestionWriter.WriteAsync(
    parsed.GetRequiredValue(file), parsed.GetValue(perKind), parsed.GetValue(seed), cancellationToken));

return await new RootCommand("Makes the sample text of Orchestrator.") { conversations, questions }.Parse(args).InvokeAsync();
