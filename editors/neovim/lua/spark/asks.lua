-- What tasks ask the person: said in a line, and kept until they want to answer.
--
-- Owns the question that is put. Neovim's own handler asks at once and takes the next keys for the
-- answer: who is typing a word then might allow a command without having read what it is. What is
-- asked is part of a task; it is gone as soon as the server says so.

local server = require('spark.server')
local tasks = require('spark.tasks')

local M = {}

local ALLOW, REFUSE = 'Run it once', 'Refuse'

local function say()
  server.say('a task asks for something: :Spark answer')
end

--- Return the question of the task that was begun first, and that task; not one that was answered.
---@param answered? string
local function oldest(answered)
  for _, task in vim.iter(tasks.all()):rev():enumerate() do
    for _, question in ipairs(task.elsewhere and {} or task.asks) do
      if question.id ~= answered then
        return question, task
      end
    end
  end
end

--- Hear a request for an answer. It is answered as what the task asks, or withdrawn by the server.
---@param err any
---@param params lsp.ShowMessageRequestParams
---@param ctx table
function M.hear(err, params, ctx)
  local co, main = coroutine.running()
  if not next(params.actions or {}) or not co or main then
    return vim.lsp.handlers['window/showMessageRequest'](err, params, ctx)
  end
  return coroutine.yield()
end

--- Take note of what a task asks that it has not asked before.
---@param before spark.Task?
---@param now spark.Task
function M.note(before, now)
  local known = {}
  for _, question in ipairs(before and before.asks or {}) do
    known[question.id] = true
  end
  local news = vim.iter(now.asks):any(function(question)
    return not known[question.id]
  end)
  if news and not now.elsewhere then
    say()
  end
end

--- Answer a question.
---@param id string the task
---@param question string
---@param accept boolean
function M.answer(id, question, accept)
  tasks.ask('answer', { taskId = id, id = question, accept = accept }, function()
    if oldest(question) then
      say()
    end
  end)
end

--- Show the oldest question; one that is not answered is kept. Returns whether there is one.
---@return boolean
function M.show()
  local question, task = oldest()
  if not question then
    return false
  end
  local why = question.reason ~= '' and '\nIt says: ' .. question.reason or ''
  vim.ui.select({ ALLOW, REFUSE }, {
    prompt = ('The task “%s” wants to run: %s%s'):format(tasks.title(task), question.what, why),
  }, function(choice)
    if choice then
      M.answer(task.taskId, question.id, choice == ALLOW)
    end
  end)
  return true
end

return M
