from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from tickets.database import Ticket, session

router = APIRouter()


class TicketOut(BaseModel):
    id: int
    title: str


@router.get("/tickets/{ticket_id}")
async def read_ticket(ticket_id: int, database: Annotated[AsyncSession, Depends(session)]) -> TicketOut:
    ticket = await database.get(Ticket, ticket_id)
    if ticket is None:
        raise HTTPException(status_code=404)
    return TicketOut(id=ticket.id, title=ticket.title)
