-- Background tasks: which there are, what is asked of them, and who is told when one is over.
--
-- Owns what the server has told of them. How one is begun is left to `begin`, how they are listed to
-- `board`, what is made of their results to `review`, what they ask the person to `asks`.

local server = require('spark.server')

local M = {}

---@class spark.Task as the server tells it, see `spark/task/didChange`
---@field taskId string
---@field instruction string
---@field state string
---@field alive boolean
---@field elsewhere boolean whether another server works on it
---@field turn string what is at work right now, '' if nothing is
---@field asks { id: string, what: string, reason: string }[]
---@field client integer who has told of it

---@type table<string, spark.Task>
local known = {}

--- Return the tasks that are known, the newest first.
---@return spark.Task[]
function M.all()
  local found = vim.tbl_values(known)
  table.sort(found, function(one, other)
    return one.began > other.began or (one.began == other.began and one.taskId > other.taskId)
  end)
  return found
end

--- Return a task by its name.
---@param id? string
---@return spark.Task?
function M.get(id)
  return id and known[id] or nil
end

--- Return an instruction in one short line.
---@param task spark.Task
---@param width? integer
---@return string
function M.title(task, width)
  local said = task.instruction ~= '' and task.instruction or 'finish what was begun'
  local line = vim.split(said, '\n', { plain = true })[1]
  local most = width or 30
  return vim.fn.strchars(line) > most and vim.fn.strcharpart(line, 0, most - 1) .. '…' or line
end

--- What stands for how a task ended, in a sentence that says what can be done about it.
local function ended(task)
  local name = ('the task “%s” '):format(M.title(task))
  if task.state == 'done' then
    return name .. 'is done: :Spark review', vim.log.levels.INFO
  elseif task.state == 'interrupted' then
    return name .. 'is interrupted: :Spark review', vim.log.levels.INFO
  end
  return name .. 'has failed: :Spark tasks', vim.log.levels.WARN
end

--- Return how many tasks are at work here, and how many of them ask for something, in a few words.
---@return string
function M.summary()
  local working, asking = 0, 0
  for _, task in pairs(known) do
    if task.alive and not task.elsewhere then
      working = working + 1
      asking = asking + (#task.asks > 0 and 1 or 0)
    end
  end
  if working == 0 then
    return ''
  end
  local count = ('%d task%s'):format(working, working == 1 and '' or 's')
  return asking > 0 and ('%s, %d %s'):format(count, asking, asking == 1 and 'asks' or 'ask')
    or count
end

--- Show anew what is shown of all tasks.
local function shown(before)
  require('spark.board').draw()
  if M.summary() ~= before then
    server.changed()
  end
end

--- Take in what the server tells of a task.
---@param told table
---@param client integer
function M.hear(told, client)
  local before, summary = known[told.taskId], M.summary()
  if told.gone then
    known[told.taskId] = nil
    require('spark.review').forget(told.taskId)
  else
    told.client = client
    known[told.taskId] = told
    require('spark.asks').note(before, told)
  end
  if before and before.alive and not before.elsewhere and not told.gone and not told.alive then
    server.say(ended(told))
  end
  shown(summary)
end

--- Forget what a server has told that has ended: the next one tells it anew.
---@param client integer
function M.forget(client)
  local summary = M.summary()
  for id, task in pairs(known) do
    if task.client == client then
      known[id] = nil
    end
  end
  shown(summary)
end

--- Return the client that knows a task, else that of the current buffer, else any.
---@param id? string
---@return vim.lsp.Client?
function M.client(id)
  local task = M.get(id)
  return task and vim.lsp.get_client_by_id(task.client)
    or server.client(vim.api.nvim_get_current_buf())
    or server.client()
end

--- Ask something of tasks; what is refused is said.
---@param method string
---@param params table
---@param done? fun(result: any, client: vim.lsp.Client)
---@param client? vim.lsp.Client who is asked, if that is not to be found out
function M.ask(method, params, done, client)
  client = client or M.client(params.taskId)
  if not client then
    server.say('no server is attached here: see :checkhealth spark', vim.log.levels.WARN)
    return
  end
  client:request('spark/task/' .. method, params, function(err, result)
    if err then
      server.say(err.message, vim.log.levels.WARN)
    elseif done then
      done(result, client)
    end
  end)
end

--- Return the turn that a task is shown to be in, for `steer`.
---@param id string
---@return string?
function M.turn(id)
  local task = M.get(id)
  -- One that is only being prepared has no turn yet; what is said then is meant for its first.
  return task and (task.turn ~= '' or not task.alive) and task.turn or nil
end

--- Tell a task something more; one that is not at work is taken up again.
---@param id string
---@param instruction string
---@param turn? string the turn that it is meant for; another one is not told it
function M.steer(id, instruction, turn)
  M.ask('steer', { taskId = id, instruction = instruction, expectedTurnId = turn })
end

--- Have the server know all that has been typed, also in buffers that nothing is asked about now.
---@param client? vim.lsp.Client
function M.flush(client)
  -- A request sends only what was typed in its own buffer; the rest may wait for 150 ms.
  local found, tracking = pcall(require, 'vim.lsp._changetracking')
  if client and found and tracking.flush then
    tracking.flush(client)
  end
end

return M
